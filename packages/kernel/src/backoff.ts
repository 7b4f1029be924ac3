export interface BackoffOptions {
  /** Ceiling of the first delay. */
  readonly baseMs: number;
  /** Ceiling of every delay. */
  readonly capMs: number;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

/**
 * Delay before retry number `attempt` (from 0), in milliseconds: between half and all of an exponentially growing
 * ceiling ("equal jitter", https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). The lower
 * half keeps a crowd of clients from retrying in a tight loop, the upper half spreads them.
 */
export function backoffMs(attempt: number, options: BackoffOptions): number {
  const random = options.random ?? Math.random;
  const ceilingMs = Math.min(options.capMs, options.baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(ceilingMs / 2 + (ceilingMs / 2) * random());
}
