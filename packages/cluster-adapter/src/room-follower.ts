import type { Subscriber } from '@sluice/redis-core';
import type { ChannelFollower } from './adapter-client.ts';
import { comparePositions } from './position.ts';
import type { HistoryEntry } from './room-log.ts';

export interface RoomFollowerDependencies {
  readonly room: string;
  readonly subscriber: Subscriber;
  readonly log: {
    end(room: string): Promise<string>;
    readAfter(room: string, after: string, limit: number): Promise<HistoryEntry[]>;
  };
  /** Hands a broadcast to the adapter. */
  readonly deliver: (payload: Buffer) => void;
  /** The broadcast of an entry, as its publisher made it. */
  readonly encode: (room: string, entry: HistoryEntry) => Buffer;
  readonly onFault: (cause: unknown) => void;
}

const pageSize = 500;
const retryAfterMs = 100;
// The beginning of a publication's broadcast. Nobody else writes under this name, so no user's text can look like it.
const publicationHead =
  /^\{"uid":"emitter","nsp":"\/","type":3,"data":\{"packet":\{"type":2,"data":\["[^"]*",\{"id":"(\d+-\d+)"/;

/**
 * Keeps a room whole over lost subscriptions: Pub/Sub tells nobody what was published meanwhile, and the room's log
 * does. After each new connection the part of the log after the last entry heard comes first, and what arrives live in
 * the meantime waits for it.
 */
export class RoomFollower implements ChannelFollower {
  readonly #deps: RoomFollowerDependencies;
  /** The last entry handed on, or the log's end when the room was first heard; unknown until then. */
  #position: string | undefined;
  /** What was read from the log, over however many connections until one was whole, may arrive live once more. */
  readonly #read = new Set<string>();
  /** False from the beginning of a reading until one ends on a connection that still stands. */
  #settled = true;
  /** The connections on which the subscription was last confirmed, and on which nothing is missing. */
  #confirmedOn = 0;
  #wholeOn = 0;
  #waiting: Buffer[] = [];
  readonly #onWhole: (() => void)[] = [];
  #running = false;
  #closed = false;

  constructor(deps: RoomFollowerDependencies) {
    this.#deps = deps;
  }

  get whole(): boolean {
    return this.#wholeOn === this.#deps.subscriber.generation;
  }

  /** Resolves once nothing is missing, or the room has been given up. */
  async caughtUp(): Promise<void> {
    if (this.whole || this.#closed) return;
    await new Promise<void>((resolve) => {
      this.#onWhole.push(resolve);
    });
  }

  onConfirmed(): void {
    this.#confirmedOn = this.#deps.subscriber.generation;
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  onPayload(payload: Buffer): void {
    if (this.whole) this.#handOn(payload);
    else this.#waiting.push(payload);
  }

  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#release();
  }

  /** Never rejects. Ends where nothing is missing, or where the next confirmation has to come first. */
  async #run(): Promise<void> {
    while (!this.#closed && this.#wholeOn !== this.#confirmedOn) {
      try {
        await this.#catchUp(this.#confirmedOn);
      } catch (cause) {
        if (this.#closed) return;
        this.#deps.onFault(cause);
        await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
      }
    }
    this.#running = false;
  }

  /** Reads what was missed before the connection `generation` was subscribed. */
  async #catchUp(generation: number): Promise<void> {
    const { room, log } = this.#deps;
    if (this.#position === undefined) {
      // Heard for the first time: nothing is owed from before, and all that arrives is new.
      const end = await log.end(room);
      if (generation === this.#deps.subscriber.generation) this.#position = end;
      // Nor is what came over a connection that has gone: the next one begins anew.
      else this.#waiting = [];
    } else {
      // Where the data is gone, ids begin anew below those heard so far.
      if (comparePositions(await log.end(room), this.#position) < 0) this.#position = '0-0';
      if (this.#settled) this.#read.clear();
      this.#settled = false;
      for (;;) {
        const page = await log.readAfter(room, this.#position, pageSize);
        if (this.#closed) return;
        for (const entry of page) {
          this.#deps.deliver(this.#deps.encode(room, entry));
          this.#position = entry.id;
          this.#read.add(entry.id);
        }
        if (page.length < pageSize) break;
      }
    }
    if (this.#closed) return;
    this.#wholeOn = generation;
    // What a later connection brought waits for the reading that its own confirmation begins.
    if (!this.whole) return;
    this.#settled = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const payload of waiting) this.#handOn(payload);
    this.#release();
  }

  #release(): void {
    for (const resolve of this.#onWhole.splice(0)) resolve();
  }

  #handOn(payload: Buffer): void {
    const id = publicationHead.exec(payload.toString('latin1', 0, 512))?.[1];
    if (id !== undefined) {
      if (this.#read.delete(id)) return;
      this.#position = id;
    }
    this.#deps.deliver(payload);
  }
}
