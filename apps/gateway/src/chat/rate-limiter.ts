export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
  /** Refusals, less those that accepted events have made up for, at which the connection is to be closed. */
  readonly disconnectAfter: number;
}

export type Verdict = 'allowed' | 'refused' | 'flooding';

/** A token bucket for one connection. */
export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #now: () => number;
  #tokens: number;
  #filledAt: number;
  #refusals = 0;

  /** @param now milliseconds, monotonic */
  constructor(limit: RateLimit, now: () => number) {
    this.#limit = limit;
    this.#now = now;
    this.#tokens = limit.burst;
    this.#filledAt = now();
  }

  take(): Verdict {
    const now = this.#now();
    const gained = ((now - this.#filledAt) / 1_000) * this.#limit.perSecond;
    this.#filledAt = now;
    this.#tokens = Math.min(this.#limit.burst, this.#tokens + gained);
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      this.#refusals -= Math.min(this.#refusals, 1);
      return 'allowed';
    }
    this.#refusals += 1;
    return this.#refusals >= this.#limit.disconnectAfter ? 'flooding' : 'refused';
  }
}
