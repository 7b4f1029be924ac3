import { backoffMs, type Clock } from '@sluice/kernel';
import type { Answer, Failure, Wire } from '../connection/wire.ts';
import type { Position } from '../timeline/message-order.ts';
import { readSince, type ReadSinceOptions } from '../timeline/read-since.ts';
import type { HistoryRun } from '../timeline/timeline.ts';

export interface RoomSyncDependencies {
  readonly wire: Wire;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** False once the user has left the room. */
  readonly isWanted: (room: string) => boolean;
  /** The newest message known without a hole after it. */
  readonly anchorOf: (room: string) => Position | undefined;
  /** The room is joined and this is its history since the anchor. */
  readonly onSynced: (room: string, run: HistoryRun) => void;
  readonly onRefused: (room: string, error: Failure) => void;
}

/** The most that one `history:read` may ask for. */
const historyPage = 100;
const roomsAtOnce = 4;
const retryDelays = { baseMs: 300, capMs: 5_000 };
const reading: ReadSinceOptions = { overlapMs: 15_000, maxPages: 30 };

/**
 * Brings rooms up to date on the session at hand: joins each, and only then reads what its history has since the last
 * message known, so that nothing can fall between the two. Retries what is retryable for as long as the session lasts.
 */
export class RoomSync {
  readonly #dependencies: RoomSyncDependencies;
  #session: symbol | undefined;

  constructor(dependencies: RoomSyncDependencies) {
    this.#dependencies = dependencies;
  }

  /** A new session: whatever is under way for the one before it ends without effect. */
  begin(): void {
    this.#session = Symbol('session');
  }

  /** The session is gone: what is under way ends without effect, and nothing is begun before the next one. */
  end(): void {
    this.#session = undefined;
  }

  /** Resolves to true when every room is up to date or refused, to false where the session ended before. */
  async syncAll(rooms: readonly string[]): Promise<boolean> {
    const session = this.#session;
    const queue = [...rooms];
    const work = async (): Promise<void> => {
      for (let room = queue.shift(); room !== undefined; room = queue.shift()) {
        await this.sync(room);
        if (session !== this.#session) return;
      }
    };
    await Promise.all(Array.from({ length: roomsAtOnce }, work));
    return session === this.#session;
  }

  async sync(room: string): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    const { isWanted, onSynced, onRefused, clock, random } = this.#dependencies;
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.#joinAndRead(room);
      if (session !== this.#session || !isWanted(room)) return;
      if (answer.ok) return onSynced(room, answer);
      if (!answer.error.retryable) return onRefused(room, answer.error);
      const delayMs = backoffMs(attempt, { ...retryDelays, random });
      await new Promise<void>((resolve) => {
        clock.schedule(delayMs, resolve);
      });
      if (session !== this.#session || !isWanted(room)) return;
    }
  }

  async #joinAndRead(room: string): Promise<Answer<HistoryRun>> {
    const { wire, anchorOf } = this.#dependencies;
    const joined = await wire.request('room:join', { room });
    if (!joined.ok) return joined;
    return readSince(
      async (before) =>
        wire.request('history:read', {
          room,
          limit: historyPage,
          ...(before === undefined ? {} : { before }),
        }),
      anchorOf(room),
      reading,
    );
  }
}
