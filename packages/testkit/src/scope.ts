/** Whatever a test opens and must close again. */
export interface Scope {
  /** Runs `close` when the scope closes, in reverse order of registration. */
  onClose(close: () => unknown): void;
  /** Closes everything registered so far, even where a part fails; the failures come as one AggregateError. */
  close(): Promise<void>;
}

/**
 * Opens a scope, and closes it through `hook` where one is given: `openScope(afterAll)` for what a describe block shares,
 * `openScope(afterEach)` for what each test makes. Everything in this package that starts something takes a scope first,
 * so that nothing can be started that a failing test leaves behind.
 */
export function openScope(hook?: (close: () => Promise<void>) => void): Scope {
  let closers: Array<() => unknown> = [];
  const scope: Scope = {
    onClose(close) {
      closers.push(close);
    },
    async close() {
      const failures: unknown[] = [];
      const pending = closers.toReversed();
      closers = [];
      for (const close of pending) {
        try {
          await close();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, 'closing a test scope failed');
    },
  };
  hook?.(() => scope.close());
  return scope;
}

/** Runs `body` with a scope of its own, closed when the body ends, however it ends. */
export async function withScope<Result>(body: (scope: Scope) => Promise<Result>): Promise<Result> {
  const scope = openScope();
  try {
    return await body(scope);
  } finally {
    await scope.close();
  }
}
