import type { Clock } from '@sluice/kernel';

/** A clock that moves when told to. */
export class ManualClock implements Clock {
  #nowMs = 1_000_000;
  #timers: Array<{ readonly at: number; readonly callback: () => void }> = [];

  now(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  advance(byMs: number): void {
    const until = this.#nowMs + byMs;
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = next.at;
      next.callback();
    }
    this.#nowMs = until;
  }

  get pendingTimers(): number {
    return this.#timers.length;
  }
}
