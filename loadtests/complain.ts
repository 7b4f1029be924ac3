declare const console: { error(text: string): void };

/** Says in k6's log what went wrong; counting it is the caller's. */
export function complain(what: string, error?: unknown): void {
  const why = error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error);
  // oxlint-disable-next-line no-console -- k6 has no other log
  console.error(why === undefined ? what : `${what}: ${why}`);
}
