import { setTimeout as pause } from 'node:timers/promises';
import { testkitError } from './errors.ts';

export interface WaitOptions {
  /** Default 30,000. */
  readonly timeoutMs?: number;
  /** What was waited for, and what was there instead; called only on failure. */
  readonly describe?: () => string;
  /** Ends the wait early; its reason is thrown. */
  readonly signal?: AbortSignal;
}

// A wait that ends well costs nothing, and shared machines stand still for seconds.
const defaultTimeoutMs = 30_000;
// A pause of 20 ms that takes longer than this was not one.
const stallMs = 500;

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
  let until = performance.now() + timeoutMs;
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
    const before = performance.now();
    await pause(20);
    // For as long as the machine stood still, nothing could come true.
    until += Math.max(0, performance.now() - before - stallMs);
  }
}

/** Gives `promise` up to `timeoutMs`. The promise itself is not cancelled. */
export async function within<Result>(promise: Promise<Result>, options: WaitOptions = {}): Promise<Result> {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const over = new AbortController();
  const signal = options.signal === undefined ? over.signal : AbortSignal.any([over.signal, options.signal]);
  const late = Symbol('late');
  // Pauses end by rejection where they are aborted; the race may have been won by then.
  const deadline = pause(timeoutMs, late, { signal }).catch((aborted: unknown) => {
    options.signal?.throwIfAborted();
    throw aborted;
  });
  try {
    const result = await Promise.race([promise, deadline]);
    // Thrown here and not in a timer, so that the stack names who waits.
    if (result === late) throw tooLate(timeoutMs, options, undefined);
    return result;
  } finally {
    over.abort();
  }
}

function tooLate(timeoutMs: number, options: WaitOptions, cause: unknown): Error {
  const what = options.describe?.() ?? 'the condition';
  const error = testkitError('not_in_time', { text: `waited ${timeoutMs} ms in vain: ${what}`, cause });
  Error.captureStackTrace(error, tooLate);
  return error;
}
