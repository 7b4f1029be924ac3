import type { Clock } from '@sluice/kernel';
import type { TypingChanged } from '@sluice/protocol';
import { ValueStore, type ReadableStore } from '../state/value-store.ts';

/** Who is typing, by room, in the order they began. */
export type Typists = ReadonlyMap<string, readonly string[]>;

/** Nobody repeats "still typing" for ever: a browser that dies says nothing more. */
const expiryMs = 5_000;

/** Knows who is typing where, and forgets whoever has not said so for 5 seconds. */
export class TypingRoster {
  readonly #clock: Clock;
  readonly #store = new ValueStore<Typists>(new Map());
  readonly #expiries = new Map<string, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get typists(): ReadableStore<Typists> {
    return this.#store;
  }

  heard({ room, user, typing }: TypingChanged): void {
    if (!typing) return this.stopped(room, user);
    const key = `${room}\n${user}`;
    this.#expiries.get(key)?.();
    this.#expiries.set(
      key,
      this.#clock.schedule(expiryMs, () => this.stopped(room, user)),
    );
    const users = this.#store.get().get(room) ?? [];
    if (!users.includes(user)) this.#store.update((rooms) => new Map(rooms).set(room, [...users, user]));
  }

  /** Also where the user's message arrives: that is what they were typing. */
  stopped(room: string, user: string): void {
    const key = `${room}\n${user}`;
    this.#expiries.get(key)?.();
    this.#expiries.delete(key);
    const users = this.#store.get().get(room);
    if (users === undefined || !users.includes(user)) return;
    const rest = users.filter((each) => each !== user);
    this.#store.update((rooms) => new Map(rooms).set(room, rest));
  }

  /** The connection is gone: nobody is known to be typing. */
  clear(): void {
    for (const cancel of this.#expiries.values()) cancel();
    this.#expiries.clear();
    this.#store.set(new Map());
  }
}
