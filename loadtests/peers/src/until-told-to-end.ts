import { openScope, type Scope } from '@sluice/testkit';

/**
 * Runs `work` with a scope that is closed when it is done, or as soon as this process is told to end: `signal` aborts then,
 * and what `work` waits for may fail.
 */
export async function untilToldToEnd<Result>(
  work: (scope: Scope, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const scope = openScope();
  const leaving = new AbortController();
  let closed: Promise<void> | undefined;
  const leave = (): void => {
    leaving.abort();
    closed ??= scope.close();
  };
  process.once('SIGINT', leave);
  process.once('SIGTERM', leave);
  try {
    return await work(scope, leaving.signal);
  } finally {
    await (closed ?? scope.close());
  }
}
