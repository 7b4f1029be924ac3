import type { Callback } from './emission.ts';
import { ClientError } from './errors.ts';
import type { Platform } from './platform.ts';

/** Runs what an application gave the client, whose errors must not end the client. */
export type Guard = (callback: Callback, args: readonly unknown[]) => void;

interface Pending {
  readonly callback: Callback;
  /** Given where the callback takes an error first. */
  readonly cancelTimeout: (() => void) | undefined;
}

/** The acknowledgements that one socket waits for. */
export class Acknowledgements {
  readonly #platform: Platform;
  readonly #guard: Guard;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;

  constructor(platform: Platform, guard: Guard) {
    this.#platform = platform;
    this.#guard = guard;
  }

  /**
   * Waits for one more; returns its id. With a time-out `callback` gets an error or null first, and `onTimeout` is called
   * before it where time runs out.
   */
  expect(callback: Callback, timeoutMs: number | undefined, onTimeout: (id: number) => void): number {
    const id = this.#nextId;
    this.#nextId += 1;
    const cancelTimeout =
      timeoutMs === undefined
        ? undefined
        : this.#platform.schedule(timeoutMs, () => {
            this.#pending.delete(id);
            onTimeout(id);
            this.#guard(callback, [new ClientError('ack_timeout', `After ${timeoutMs} ms.`)]);
          });
    this.#pending.set(id, { callback, cancelTimeout });
    return id;
  }

  /** An acknowledgement has come; one that nobody waits for (any more) is ignored. */
  settle(id: number, answer: readonly unknown[]): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    pending.cancelTimeout?.();
    this.#guard(pending.callback, pending.cancelTimeout === undefined ? answer : [null, ...answer]);
  }

  /**
   * The connection has ended: those with a time-out are told (`disconnected`), the others never hear, as with
   * socket.io-client. Those that `isKept` says are not on their way yet stay.
   */
  abandon(isKept: (id: number) => boolean): void {
    // Whoever is told may send again, for which another one is waited for.
    const pending = [...this.#pending];
    for (const [id, { callback, cancelTimeout }] of pending) {
      if (isKept(id)) continue;
      this.#pending.delete(id);
      if (cancelTimeout === undefined) continue;
      cancelTimeout();
      this.#guard(callback, [new ClientError('disconnected')]);
    }
  }
}
