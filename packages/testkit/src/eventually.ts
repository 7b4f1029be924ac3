import { setTimeout as pause } from 'node:timers/promises';
import { testkitError } from './errors.ts';

export interface WaitOptions {
  /** Default 10,000. */
  readonly timeoutMs?: number;
  /** What was waited for, and what was there instead; called only on failure. */
  readonly describe?: () => string;
  /** Ends the wait early; its reason is thrown. */
  readonly signal?: AbortSignal;
}

const defaultTimeoutMs = 10_000;

/**
 * Polls until `condition` returns (or resolves to) something other than `undefined` or `false`, and returns it. A
 * condition that throws is one that does not hold yet; the last error becomes the cause where time runs out. For what
 * cannot be subscribed to; prefer {@link Journal.until} for what can.
 */
export async function eventually<Result>(
  condition: () => Result | undefined | false | Promise<Result | undefined | false>,
  options: WaitOptions = {},
): Promise<Result> {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const until = performance.now() + timeoutMs;
  for (;;) {
    options.signal?.throwIfAborted();
    let failure: unknown;
    try {
      const result = await condition();
      if (result !== undefined && result !== false) return result;
    } catch (error) {
      failure = error;
    }
    if (performance.now() >= until) throw tooLate(timeoutMs, options, failure);
    await pause(20);
  }
}

/** Gives `promise` up to `timeoutMs`. The promise itself is not cancelled. */
export async function within<Result>(promise: Promise<Result>, options: WaitOptions = {}): Promise<Result> {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  return await new Promise((resolve, reject) => {
    const abort = () => settle(() => reject(options.signal?.reason));
    const timer = setTimeout(() => settle(() => reject(tooLate(timeoutMs, options, undefined))), timeoutMs);
    const settle = (report: () => void) => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
      report();
    };
    options.signal?.addEventListener('abort', abort);
    if (options.signal?.aborted === true) abort();
    promise.then(
      (result) => settle(() => resolve(result)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}

function tooLate(timeoutMs: number, options: WaitOptions, cause: unknown): Error {
  const what = options.describe?.() ?? 'the condition';
  return testkitError('not_in_time', { text: `waited ${timeoutMs} ms in vain: ${what}`, cause });
}
