/** Something this machine lacks and that setup could not provide. Its message is for the person at the terminal. */
export class SetupError extends Error {
  /** EX_UNAVAILABLE of sysexits.h. */
  exitCode = 69;
}

/**
 * Ends the process as `error` asks: a SetupError with its message alone, anything else with its stack.
 * @param {unknown} error
 */
export function exitWith(error) {
  const expected = error instanceof SetupError;
  console.error(expected ? `\n${error.message}` : error);
  process.exit(expected ? error.exitCode : 1);
}
