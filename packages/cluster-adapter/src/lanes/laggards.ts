import { backoffMs, type Clock } from '@sluice/kernel';
import type { Socket } from 'socket.io';
import { laterOf } from '../position.ts';
import type { ClusterLog, LogEntry, Position, Topic } from '../log/cluster-log.ts';
import { CatchUp, type MissedTopic } from './catch-up.ts';
import type { Followed } from './followed.ts';
import type { Lane } from './lane.ts';
import { noteSender } from './lanes-tracing.ts';
import type { LogGap } from './merged-read.ts';
import { internalsOf, queuedBytes, type EngineSocket } from './socket-io-internals.ts';

export interface LaggardsOptions {
  /** Bytes that may wait for a connection before it is served from the log instead. */
  readonly maxQueuedBytes: number;
  /** What a socket hears: its rooms and its namespace. */
  readonly topicsOf: (sid: string) => readonly Followed[];
  /** True where something has been handed out in part that the rest of may be for the socket. */
  readonly isHalfway: (sid: string) => boolean;
  /** Resolve once it is known from where on a socket hears the rooms that it has joined. */
  readonly known: (sid: string) => readonly Promise<void>[];
  /** Writes a logged entry to a socket, where it is meant for it and still wanted. Returns its sender's `traceparent`. */
  readonly write: (socket: Socket, followed: Followed, entry: LogEntry) => string | undefined;
  /** Returns false where the socket does not live on. */
  readonly onGap: (socket: Socket, gap: LogGap) => boolean;
  readonly onResumed: (sid: string, resumed: Resumed) => void;
  readonly onFault: (fault: { readonly operation: string; readonly cause: unknown }) => void;
  readonly clock: Clock;
}

/** One that has caught up. */
interface Resumed {
  /** Everything up to here has been given to it. */
  readonly offset: Position;
  readonly replayed: number;
  readonly tookMs: number;
  /** The `traceparent`s of what was replayed. */
  readonly senders: ReadonlySet<string>;
}

interface Laggard {
  readonly socket: Socket;
  /** The last entry it was given of each topic, when it fell behind or joined. */
  readonly after: Map<Topic, Position>;
  gone: boolean;
  /** Everything up to here has been given to it. */
  offset: Position;
  /** Resolves once it has been given all there was when it became one, or has gone. */
  readonly caughtUp: Promise<void>;
  readonly onCaughtUp: () => void;
}

const retry = { baseMs: 100, capMs: 2_000 };
const lookAgainMs = 500;
const nothing = (): void => undefined;

/**
 * Connections that read more slowly than they are written to. Nothing is queued for them beyond the budget: from the
 * first event that would be, they are served from the log, at the rate at which they read.
 */
export class Laggards {
  readonly #log: ClusterLog;
  readonly #lane: Lane;
  readonly #options: LaggardsOptions;
  readonly #lagging = new Map<string, Laggard>();

  constructor(log: ClusterLog, lane: Lane, options: LaggardsOptions) {
    this.#log = log;
    this.#lane = lane;
    this.#options = options;
  }

  get size(): number {
    return this.#lagging.size;
  }

  has(sid: string): boolean {
    return this.#lagging.size > 0 && this.#lagging.has(sid);
  }

  /** True where a connection should be served from the log. Looks closely only now and then: this is the hot path. */
  isOverBudget(conn: EngineSocket): boolean {
    const { length } = conn.writeBuffer;
    if (length === 0) return false;
    const { maxQueuedBytes } = this.#options;
    const newest = conn.writeBuffer[length - 1]?.data?.length ?? 0;
    if (length % 16 !== 0 && newest * length * 2 < maxQueuedBytes) return false;
    return queuedBytes(conn) > maxQueuedBytes;
  }

  /**
   * Of each topic from what is named in `after` on, `socket` is served from the log until it has caught up. Everything up to
   * `offset` has been given to it.
   */
  add(socket: Socket, after: ReadonlyMap<Topic, Position>, offset: Position): void {
    let onCaughtUp = nothing;
    const caughtUp = new Promise<void>((resolve) => {
      onCaughtUp = resolve;
    });
    const laggard = { socket, after: new Map(after), gone: false, offset, caughtUp, onCaughtUp };
    this.#lagging.set(socket.id, laggard);
    void this.#serve(laggard);
  }

  caughtUp(sid: string): Promise<void> | undefined {
    return this.#lagging.get(sid)?.caughtUp;
  }

  /** What a client that is behind is to name when it comes back; undefined for one that is not. */
  offsetOf(sid: string): Position | undefined {
    return this.#lagging.get(sid)?.offset;
  }

  joined(sid: string, topic: Topic, position: Position): void {
    const after = this.#lagging.get(sid)?.after;
    // It may have been given more since.
    after?.set(topic, laterOf(after.get(topic) ?? position, position));
  }

  remove(sid: string): void {
    const laggard = this.#lagging.get(sid);
    if (laggard === undefined) return;
    laggard.gone = true;
    this.#lagging.delete(sid);
  }

  /** Never rejects. */
  async #serve(laggard: Laggard): Promise<void> {
    const { socket, after } = laggard;
    const { conn } = internalsOf(socket).client;
    const { topicsOf, known, isHalfway, write, onGap, onResumed, maxQueuedBytes, clock } = this.#options;
    const catchUp = new CatchUp(this.#log, this.#lane);
    const began = clock.now();
    let replayed = 0;
    const senders = new Set<string>();
    const take = (topic: Topic, entry: LogEntry): void => {
      const followed = this.#lane.find(topic);
      if (followed !== undefined) noteSender(senders, write(socket, followed, entry));
      laggard.offset = entry.position;
      replayed += 1;
    };
    for (let attempt = 0; !laggard.gone;) {
      try {
        await this.#drained(laggard, conn, maxQueuedBytes / 4);
        const followed = topicsOf(socket.id);
        await Promise.all([...followed.map(({ ready }) => ready), ...known(socket.id)]);
        // Who waited for the same is told first from where on its new rooms are heard.
        await new Promise(setImmediate);
        if (laggard.gone) break;
        const missed: MissedTopic[] = followed.map((one) => ({
          followed: one,
          // Joined before it was live, it is heard from its base.
          after: after.get(one.topic) ?? one.base,
        }));
        const whole = await catchUp.read(missed, {
          take: (topic, entry) => {
            if (laggard.gone) return false;
            take(topic, entry);
            return !this.isOverBudget(conn)
              ? true
              : this.#drained(laggard, conn, maxQueuedBytes / 4).then(() => !laggard.gone);
          },
          gap: (gap) => {
            if (!laggard.gone && !onGap(socket, gap)) laggard.gone = true;
          },
        });
        attempt = 0;
        const now = topicsOf(socket.id);
        const same = now.length === followed.length && now.every((one) => followed.includes(one));
        if (whole) laggard.onCaughtUp();
        if (laggard.gone || !whole || !same) continue;
        if (isHalfway(socket.id)) {
          await this.#lane.settle();
          continue;
        }
        if (!catchUp.finish({ take })) continue;
        this.#lagging.delete(socket.id);
        onResumed(socket.id, { offset: laggard.offset, replayed, tookMs: clock.now() - began, senders });
        return;
      } catch (cause) {
        this.#options.onFault({ operation: 'serve from the log', cause });
        await new Promise<void>((resolve) => {
          clock.schedule(backoffMs(attempt++, retry), resolve);
        });
      }
    }
    catchUp.close();
    laggard.onCaughtUp();
    if (this.#lagging.get(socket.id) === laggard) this.#lagging.delete(socket.id);
  }

  async #drained(laggard: Laggard, conn: EngineSocket, maxBytes: number): Promise<void> {
    while (!laggard.gone && queuedBytes(conn) > maxBytes) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          cancel();
          transport.off('drain', done);
          conn.off('close', done);
          resolve();
        };
        const cancel = this.#options.clock.schedule(lookAgainMs, done);
        // Not the connection's own `drain`, which says that all was handed to the transport, but that it was written.
        const { transport } = conn;
        transport.once('drain', done);
        conn.once('close', done);
      });
    }
  }
}
