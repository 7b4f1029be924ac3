import type { Clock } from '@sluice/kernel';
import type { Message } from '@sluice/protocol';
import type { JsonShelf } from '../src/storage/json-shelf.ts';

/** Message number `n` of a room: its id, its time in seconds and its text all say so. */
export function message(n: number, changes: Partial<Message> = {}): Message {
  const sentAt = n * 1_000;
  return { id: `${sentAt}-0`, room: 'r', user: 'Ben', text: `m${n}`, sentAt, clientId: `c${n}`, ...changes };
}

export const range = (from: number, to: number): readonly Message[] =>
  Array.from({ length: to - from + 1 }, (_, index) => message(from + index));

export const numbers = (messages: readonly Message[]): readonly number[] =>
  messages.map(({ sentAt }) => sentAt / 1_000);

/** Lets every promise that can go on go on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** A clock that moves when told to. */
export class ManualClock implements Clock {
  #now = 1_000_000;
  #timers: { readonly at: number; readonly callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  async advance(byMs: number): Promise<void> {
    const until = this.#now + byMs;
    await settled();
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#now = next.at;
      next.callback();
      await settled();
    }
    this.#now = until;
  }
}

export function memoryShelf<Value>(value?: Value): JsonShelf<Value> {
  let held = value;
  return {
    read: () => held,
    write: (next) => {
      held = next;
    },
  };
}
