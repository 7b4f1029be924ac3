interface LoggedError {
  readonly type: string;
  /** With those of its causes. */
  readonly message: string;
  readonly code?: string | number;
  readonly stack: string;
}

const stackFrame = /^\s+at /;

/**
 * What the log says of an error, and of what caused it: never more than this, since errors carry along whatever was at
 * hand, and never the text of a SyntaxError, since JSON.parse quotes what it cannot read: that may be what users wrote.
 */
export function loggedError(error: unknown): LoggedError {
  const chain = causesOf(error);
  const { code } = Object(error) as { code?: unknown };
  return {
    type: typeOf(error),
    message: chain.map(textOf).join(': '),
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    stack: chain.map((one) => `${typeOf(one)}: ${textOf(one)}${framesOf(one)}`).join('\ncaused by: '),
  };
}

function causesOf(error: unknown): readonly [unknown, ...unknown[]] {
  const chain: [unknown, ...unknown[]] = [error];
  for (let cause = error; cause instanceof Error && cause.cause !== undefined;) {
    ({ cause } = cause);
    if (chain.includes(cause)) break;
    chain.push(cause);
  }
  return chain;
}

function typeOf(error: unknown): string {
  return error instanceof Error ? error.constructor.name : typeof error;
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no error, but thrown';
  if (error instanceof SyntaxError) return 'what was read could not be parsed';
  const parts = error instanceof AggregateError ? error.errors.map(textOf) : [];
  return [error.message, ...parts].filter((text) => text !== '').join('; ');
}

function framesOf(error: unknown): string {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  return lines
    .filter((line) => stackFrame.test(line))
    .map((line) => `\n${line}`)
    .join('');
}
