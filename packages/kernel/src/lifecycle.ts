/** Something that runs. `start` and `stop` are idempotent; `stop` is safe after a failed start. */
export interface Lifecycle {
  readonly name: string;
  start(signal: AbortSignal): Promise<void>;
  /** Ends within `deadlineMs`, by force if it must. */
  stop(deadlineMs: number): Promise<void>;
}

export interface LifecycleOptions {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/**
 * Starts parts in order and stops them in reverse. Where a start fails, the parts already started are stopped and the
 * error is thrown. `stop` visits every part even where one fails, then throws what failed as an AggregateError. A call
 * during another of its kind gets that one's outcome.
 */
export function sequence(name: string, parts: readonly Lifecycle[], options: LifecycleOptions): Lifecycle {
  let started: Lifecycle[] = [];
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  const stopAll = async (deadlineMs: number): Promise<void> => {
    const until = options.now() + deadlineMs;
    const running = started.toReversed();
    started = [];
    const failures: unknown[] = [];
    for (const part of running) {
      try {
        await part.stop(Math.max(0, until - options.now()));
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, `${name} did not stop cleanly`);
  };

  const startAll = async (signal: AbortSignal): Promise<void> => {
    try {
      for (const part of parts) {
        signal.throwIfAborted();
        started.push(part);
        await part.start(signal);
      }
    } catch (error) {
      await stopAll(1_000);
      throw error;
    }
  };

  return {
    name,
    start: (signal) => (starting ??= startAll(signal)),
    stop: (deadlineMs) => (stopping ??= stopAll(deadlineMs)),
  };
}
