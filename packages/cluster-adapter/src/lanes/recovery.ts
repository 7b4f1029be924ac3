import { redisError } from '@sluice/redis-core';
import type { SessionStore } from '@sluice/session-store';
import type { Socket } from 'socket.io';
import { comparePositions } from '../position.ts';
import { origin, type ClusterLog, type LogEnd, type Position, type Topic } from '../log/cluster-log.ts';
import type { Admission } from './admission.ts';
import { CatchUp, type MissedTopic } from './catch-up.ts';
import type { Followed, Lane } from './lane.ts';
import type { LogGap, TopicEntry } from './merged-read.ts';
import type { SessionKeeper } from './session-keeper.ts';
import { internalsOf, rename } from './socket-io-internals.ts';

/**
 * Why a client did not recover: it brought no session; it asked not to; its session is not known (any more); it is
 * another user's or another namespace's; its offset is not one that was given out; what it missed has been trimmed, or
 * lost by the store; its connection ended before it was ready.
 */
export type FreshReason = 'new' | 'off' | 'unknown' | 'foreign' | 'offset' | 'trimmed' | 'lost';

export type RecoveryOutcome =
  | { readonly kind: 'recovered'; readonly missed: number }
  | { readonly kind: 'fresh'; readonly reason: FreshReason }
  /** Identity and rooms were kept, and the gap was told (`onGap: 'signal'`). */
  | { readonly kind: 'signalled'; readonly reason: FreshReason };

/** A session on its way back to its client. */
export interface Restored {
  readonly rooms: ReadonlyMap<string, Position>;
  readonly missed: readonly TopicEntry[];
  readonly catchUp: CatchUp;
  /** False where there is more than fits: the rest is served from the log once it is connected. */
  readonly complete: boolean;
  readonly gaps: readonly LogGap[];
  readonly joined: ReadonlyMap<Topic, Position>;
  /** Followed for its sake. */
  readonly followed: readonly Followed[];
  readonly outcome: RecoveryOutcome;
}

export interface RecoveryOptions {
  readonly namespace: string;
  readonly uid: string;
  readonly userOf: (socket: Socket) => string;
  readonly onGap: 'fresh' | 'signal';
  readonly follow: (room: string | undefined) => Followed;
  readonly unfollow: (followed: Followed) => void;
  readonly dataOf: (socket: Socket) => string;
  /** Another node, or this one, may hold an older socket of the session. */
  readonly fence: (node: string, sid: string, generation: number) => void;
}

// What is read before a client is told that it has recovered; more is read once it is connected.
const prefetchBytes = 256 * 1024;
const position = /^(?:0|[1-9]\d{0,15})-(?:0|[1-9]\d{0,15})$/;

/** Restores what a client was: after its middlewares have accepted it, and before it is connected. */
export class Recovery {
  readonly #log: ClusterLog;
  readonly #lane: Lane;
  readonly #sessions: SessionStore;
  readonly #keeper: SessionKeeper;
  readonly #admission: Admission;
  readonly #options: RecoveryOptions;
  readonly #restored = new Map<string, Restored>();
  readonly #outcomes = new WeakMap<Socket, RecoveryOutcome>();

  constructor(
    parts: {
      log: ClusterLog;
      lane: Lane;
      sessions: SessionStore;
      keeper: SessionKeeper;
      admission: Admission;
    },
    options: RecoveryOptions,
  ) {
    this.#log = parts.log;
    this.#lane = parts.lane;
    this.#sessions = parts.sessions;
    this.#keeper = parts.keeper;
    this.#admission = parts.admission;
    this.#options = options;
  }

  outcomeOf(socket: Socket): RecoveryOutcome {
    return this.#outcomes.get(socket) ?? { kind: 'fresh', reason: 'new' };
  }

  /** What is to be written to a socket that is connected now, once. */
  take(sid: string): Restored | undefined {
    const restored = this.#restored.get(sid);
    this.#restored.delete(sid);
    return restored;
  }

  /** The socket will not be connected: its session stays as it is, to be claimed again. */
  abandon(sid: string): boolean {
    const restored = this.take(sid);
    if (restored === undefined) return false;
    this.release(restored);
    return true;
  }

  release({ catchUp, followed }: Pick<Restored, 'catchUp' | 'followed'>): void {
    catchUp.close();
    for (const one of followed) this.#options.unfollow(one);
  }

  /**
   * Makes `socket` the one it was, or begins a session for it. Rejects where the store is away: the connection is closed,
   * and an ordinary client tries again.
   */
  async admit(socket: Socket): Promise<void> {
    const { pid, offset, recovery } = socket.handshake.auth as {
      pid?: unknown;
      offset?: unknown;
      recovery?: unknown;
    };
    if (recovery === 'off') {
      internalsOf(socket).pid = undefined;
      this.#outcomes.set(socket, { kind: 'fresh', reason: 'off' });
      return;
    }
    const outcome: RecoveryOutcome =
      typeof pid === 'string'
        ? await this.#admission.run(() => this.#restore(socket, pid, offset))
        : { kind: 'fresh', reason: 'new' };
    this.#outcomes.set(socket, outcome);
    if (outcome.kind === 'fresh') await this.#begin(socket);
  }

  async #begin(socket: Socket, rooms: Readonly<Record<string, Position>> = {}): Promise<void> {
    const { namespace, uid, userOf, dataOf } = this.#options;
    const written = this.#keeper.open({
      pid: internalsOf(socket).pid ?? '',
      sid: socket.id,
      namespace,
      user: userOf(socket),
      owner: uid,
      start: this.#lane.cursor,
      rooms,
      data: dataOf(socket),
    });
    // Without the store a client is let in all the same, and its session follows as soon as it can.
    if (this.#log.available) await written;
  }

  async #restore(socket: Socket, pid: string, offset: unknown): Promise<RecoveryOutcome> {
    const { conn } = internalsOf(socket).client;
    // It may have waited for its turn longer than its client did.
    if (conn.readyState !== 'open') throw new Error('the connection has ended');
    try {
      return await this.#claim(socket, pid, offset);
    } catch (error) {
      // Told to connect anew it would lose what it can still have.
      if (redisError.is(error)) conn.close(true);
      throw error;
    }
  }

  async #claim(socket: Socket, pid: string, offset: unknown): Promise<RecoveryOutcome> {
    const { namespace, uid, userOf, onGap, fence } = this.#options;
    const claim = await this.#sessions.claim(pid, { namespace, user: userOf(socket), owner: uid });
    if (claim.kind !== 'claimed') return { kind: 'fresh', reason: claim.kind };
    const { session, previousOwner } = claim;
    const hold = { pid, generation: session.generation };
    fence(previousOwner, session.sid, session.generation);
    const end = await this.#log.end();
    // None, where it has been given no event yet.
    const isGiven =
      typeof offset === 'string' && position.test(offset) && comparePositions(offset, end.position) <= 0;
    if (offset !== undefined && !isGiven) return await this.#refuse(hold, 'offset');
    const from = isGiven && comparePositions(offset, session.start) > 0 ? offset : session.start;
    const rooms = new Map(Object.entries(session.rooms));
    const { missed, restored } = await this.#read(session.sid, rooms, from, session.start);
    const reason = gapReason(restored.gaps, from, end);
    if (reason !== undefined && onGap === 'fresh') {
      this.release(restored);
      return await this.#refuse(hold, reason);
    }
    const outcome: RecoveryOutcome =
      reason === undefined ? { kind: 'recovered', missed } : { kind: 'signalled', reason };
    const internals = internalsOf(socket);
    socket.data = Object.assign(JSON.parse(session.data) as object, socket.data);
    if (reason === undefined) {
      rename(socket, { sid: session.sid, pid });
      internals.recovered = true;
      this.#keeper.adopt(session.sid, hold, session.data);
    } else {
      // A new private name: by the old one its client would take itself for whole.
      rename(socket, { sid: session.sid, pid: internals.pid });
      await this.#sessions.remove(hold);
      await this.#begin(socket, session.rooms);
    }
    this.#restored.set(session.sid, { ...restored, rooms, outcome });
    return outcome;
  }

  async #refuse(hold: { pid: string; generation: number }, reason: FreshReason): Promise<RecoveryOutcome> {
    await this.#sessions.remove(hold);
    return { kind: 'fresh', reason };
  }

  /** Follows what the session heard, and reads what it missed. */
  async #read(
    sid: string,
    rooms: ReadonlyMap<string, Position>,
    from: Position,
    start: Position,
  ): Promise<{ missed: number; restored: Omit<Restored, 'rooms' | 'outcome'> }> {
    const followed: Followed[] = [];
    const catchUp = new CatchUp(this.#log, this.#lane, origin);
    const missed: TopicEntry[] = [];
    const gaps: LogGap[] = [];
    const joined = new Map<Topic, Position>();
    try {
      const topics: MissedTopic[] = [undefined, sid, ...rooms.keys()].map((room) => {
        const one = this.#options.follow(room);
        followed.push(one);
        const since = room === undefined || room === sid ? start : (rooms.get(room) ?? start);
        const after = comparePositions(since, from) > 0 ? since : from;
        if (after === since) joined.set(one.topic, since);
        return { followed: one, after };
      });
      await Promise.all(followed.map(({ ready }) => ready));
      let bytes = 0;
      const complete = await catchUp.read(topics, {
        take(topic, entry) {
          if (bytes > prefetchBytes) return false;
          bytes += entry.body.length;
          missed.push({ topic, entry });
          return true;
        },
        gap: (gap) => void gaps.push(gap),
      });
      if (comparePositions(catchUp.cursor, from) < 0) catchUp.cursor = from;
      return { missed: missed.length, restored: { missed, catchUp, complete, gaps, joined, followed } };
    } catch (error) {
      this.release({ catchUp, followed });
      throw error;
    }
  }
}

function gapReason(gaps: readonly LogGap[], from: Position, { lostUntil }: LogEnd): FreshReason | undefined {
  if (lostUntil !== origin && comparePositions(from, lostUntil) < 0) return 'lost';
  return gaps.length > 0 ? 'trimmed' : undefined;
}
