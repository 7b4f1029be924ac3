import { setTimeout as pause } from 'node:timers/promises';

export interface Probe {
  readonly name: string;
  /** Answers 200 when it is ready. */
  readonly url: string;
}

export interface WaitOptions {
  readonly signal: AbortSignal;
  /** Called every ten seconds with what is still not ready, and why. */
  readonly onSlow: (pending: readonly string[]) => void;
}

const pollEveryMs = 50;
const slowAfterMs = 10_000;

/** Resolves when every probe has answered 200 once. Waits as long as it takes; rejects when `signal` aborts. */
export async function whenReady(probes: readonly Probe[], { signal, onSlow }: WaitOptions): Promise<void> {
  const pending = new Map(probes.map(({ name }) => [name, 'not asked yet']));
  const slow = setInterval(() => {
    onSlow([...pending].map(([name, why]) => `${name} (${why})`));
  }, slowAfterMs);
  try {
    await Promise.all(
      probes.map(async ({ name, url }) => {
        for (;;) {
          const problem = await problemOf(url, signal);
          signal.throwIfAborted();
          if (problem === undefined) break;
          pending.set(name, problem);
          await pause(pollEveryMs, undefined, { signal });
        }
        pending.delete(name);
      }),
    );
  } finally {
    clearInterval(slow);
  }
}

async function problemOf(url: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]) });
    await response.arrayBuffer();
    return response.status === 200 ? undefined : `answers ${response.status}`;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return cause instanceof Error ? cause.message : String(cause);
  }
}
