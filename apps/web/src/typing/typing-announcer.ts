import type { Clock } from '@sluice/kernel';
import type { TypingSet } from '@sluice/protocol';

/** Well inside the 5 seconds after which listeners forget. */
const repeatMs = 3_000;
const pauseMs = 4_000;

/** Tells a room that the user is typing: at once, then at most every 3 seconds, and when a pause or the message ends it. */
export class TypingAnnouncer {
  readonly #clock: Clock;
  readonly #announce: (payload: TypingSet) => void;
  #room: string | undefined;
  #announcedAt = 0;
  #cancelPause = (): void => undefined;

  constructor(clock: Clock, announce: (payload: TypingSet) => void) {
    this.#clock = clock;
    this.#announce = announce;
  }

  /** A key was pressed in the composer of `room`. */
  typed(room: string): void {
    if (this.#room !== room) this.ended();
    const now = this.#clock.now();
    if (this.#room === undefined || now - this.#announcedAt >= repeatMs) {
      this.#announcedAt = now;
      this.#announce({ room, typing: true });
    }
    this.#room = room;
    this.#cancelPause();
    this.#cancelPause = this.#clock.schedule(pauseMs, () => this.ended());
  }

  /** The text was sent or emptied, or the room left. */
  ended(): void {
    this.#cancelPause();
    if (this.#room === undefined) return;
    this.#announce({ room: this.#room, typing: false });
    this.#room = undefined;
  }
}
