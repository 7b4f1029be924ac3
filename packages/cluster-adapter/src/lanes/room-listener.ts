import type { LogEntry, Position } from '../log/cluster-log.ts';
import type { Followed, TopicListener } from './followed.ts';
import type { LogGap } from './merged-read.ts';

/** What becomes of what is heard in a room, or in the whole namespace. */
export interface Hearing {
  onEntry(room: string | undefined, followed: Followed, entry: LogEntry, before: Position): void;
  onSent(room: string | undefined, body: Buffer): void;
  onGap(room: string | undefined, gap: LogGap): void;
}

/** One for each room, and every socket has a room of its own: it holds nothing but whose it is. */
export class RoomListener implements TopicListener {
  readonly #room: string | undefined;
  readonly #hearing: Hearing;

  constructor(room: string | undefined, hearing: Hearing) {
    this.#room = room;
    this.#hearing = hearing;
  }

  onEntry(followed: Followed, entry: LogEntry, before: Position): void {
    this.#hearing.onEntry(this.#room, followed, entry, before);
  }

  onSent(body: Buffer): void {
    this.#hearing.onSent(this.#room, body);
  }

  onGap(gap: LogGap): void {
    this.#hearing.onGap(this.#room, gap);
  }
}
