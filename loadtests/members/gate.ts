import { clearTimeout, setTimeout } from 'k6/timers';
import { MemberError } from './errors.ts';

interface Waiting {
  readonly pass: () => void;
  readonly fail: (error: Error) => void;
}

/** Closed at first; whoever wants to pass waits until it opens. */
export class Gate {
  readonly #what: string;
  readonly #waiting = new Set<Waiting>();
  #isOpen = false;
  #error: Error | undefined;

  /** @param what is waited for, for errors */
  constructor(what: string) {
    this.#what = what;
  }

  open(): void {
    this.#isOpen = true;
    for (const waiting of this.#take()) waiting.pass();
  }

  close(): void {
    this.#isOpen = false;
  }

  /** Nobody passes any more: those who wait, and all who come, get `error`. */
  wall(error: Error): void {
    this.#error ??= error;
    for (const waiting of this.#take()) waiting.fail(error);
  }

  /** Resolves when it is open. Rejects with `not_in_time` at `deadline`, in milliseconds since the epoch. */
  pass(deadline: number): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#isOpen) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => {
          this.#waiting.delete(waiting);
          reject(new MemberError('not_in_time', this.#what));
        },
        Math.max(0, deadline - Date.now()),
      );
      const waiting: Waiting = {
        pass: () => {
          clearTimeout(timer);
          resolve();
        },
        fail: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#waiting.add(waiting);
    });
  }

  #take(): readonly Waiting[] {
    const all = [...this.#waiting];
    this.#waiting.clear();
    return all;
  }
}
