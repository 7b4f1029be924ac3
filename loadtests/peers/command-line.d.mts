/** What is wrong with the options, one line each. */
export class UsageError extends Error {
  readonly exitCode: number;
}
