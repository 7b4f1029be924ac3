import type { Context } from '@opentelemetry/api';
import { systemClock } from '@sluice/kernel';
import { redisError } from '@sluice/redis-core';
import type { Session, SessionHold, SessionStore } from '@sluice/session-store';
import { within } from '@sluice/telemetry';
import type { Socket } from 'socket.io';
import { comparePositions } from '../position.ts';
import { origin, type ClusterLog, type LogEnd, type Position } from '../log/cluster-log.ts';
import type { Admission } from './admission.ts';
import { ClaimsUnderWay } from './claims-under-way.ts';
import type { Followed } from './followed.ts';
import type { Lane } from './lane.ts';
import type { LanesTracing } from './lanes-tracing.ts';
import type { LogGap } from './merged-read.ts';
import { MissedReader, type Missed } from './missed-reader.ts';
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
export interface Restored extends Missed {
  readonly rooms: ReadonlyMap<string, Position>;
  /** What its middlewares have put it into, to be joined anew. */
  readonly early: ReadonlySet<string>;
  readonly outcome: RecoveryOutcome;
}

export interface RecoveryOptions {
  readonly namespace: string;
  readonly uid: string;
  readonly userOf: (socket: Socket) => string;
  readonly onGap: 'fresh' | 'signal';
  readonly follow: (room: string | undefined) => Followed;
  readonly dataOf: (socket: Socket) => string;
  /** The rooms that a middleware has put the socket into, with their positions. */
  readonly joinedEarly: (sid: string) => ReadonlyMap<string, Position>;
  /** Takes the socket out of them, because it goes on under another name, and tells which they were. */
  readonly leaveEarly: (sid: string) => ReadonlySet<string>;
  /** Where a session is to begin instead, on a node that is behind. */
  readonly ahead: () => Promise<Position | undefined>;
  /** Nothing up to here is to be given to the socket's client. */
  readonly skipTo: (sid: string, position: Position) => void;
  /** Another node, or this one, may hold an older socket of the session. */
  readonly fence: (node: string, sid: string, generation: number) => void;
  readonly onFault: (fault: { readonly operation: string; readonly cause: unknown }) => void;
}

const beginDeadlineMs = 5_000;
const positionText = /^(?:0|[1-9]\d{0,15})-(?:0|[1-9]\d{0,15})$/;

/** Restores what a client was: after its middlewares have accepted it, and before it is connected. */
export class Recovery {
  readonly #log: ClusterLog;
  readonly #lane: Lane;
  readonly #sessions: SessionStore;
  readonly #keeper: SessionKeeper;
  readonly #admission: Admission;
  readonly #tracing: LanesTracing;
  readonly #options: RecoveryOptions;
  readonly #reader: MissedReader;
  readonly #restored = new Map<string, Restored>();
  readonly #claims = new ClaimsUnderWay();
  /** The session that a new one takes the place of, once `written`. */
  readonly #superseded = new WeakMap<
    Socket,
    { readonly hold: SessionHold; readonly written?: Promise<void> }
  >();
  readonly #outcomes = new WeakMap<Socket, RecoveryOutcome>();

  constructor(
    parts: {
      log: ClusterLog;
      lane: Lane;
      sessions: SessionStore;
      keeper: SessionKeeper;
      admission: Admission;
      tracing: LanesTracing;
    },
    options: RecoveryOptions,
  ) {
    this.#log = parts.log;
    this.#lane = parts.lane;
    this.#sessions = parts.sessions;
    this.#keeper = parts.keeper;
    this.#admission = parts.admission;
    this.#tracing = parts.tracing;
    this.#options = options;
    this.#reader = new MissedReader(parts.log, parts.lane, options.follow);
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

  /** The socket is connected: what it could not be given back is not asked for again. */
  async settle(socket: Socket): Promise<void> {
    const superseded = this.#superseded.get(socket);
    this.#superseded.delete(socket);
    if (superseded === undefined) return;
    await superseded.written;
    await this.#sessions.remove(superseded.hold);
  }

  /** The socket will not be connected: its session stays as it is, to be claimed again. */
  abandon(sid: string): boolean {
    const restored = this.take(sid);
    if (restored === undefined) return false;
    this.release(restored);
    return true;
  }

  release(missed: Missed): void {
    this.#reader.release(missed);
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
    // It has said who it is, and may have to wait for its turn.
    clearTimeout(internalsOf(socket).client.connectTimeout);
    if (recovery === 'off') {
      internalsOf(socket).pid = undefined;
      this.#outcomes.set(socket, { kind: 'fresh', reason: 'off' });
      return;
    }
    const outcome: RecoveryOutcome =
      typeof pid === 'string' ? await this.#recover(socket, pid, offset) : { kind: 'fresh', reason: 'new' };
    this.#outcomes.set(socket, outcome);
    if (outcome.kind !== 'fresh') return;
    const admitting = this.#tracing.contextOf(socket);
    await this.#inTime(
      socket,
      within(admitting, () => Promise.all([this.#begin(socket), this.#beginAhead(socket)])),
    );
  }

  #recover(socket: Socket, pid: string, offset: unknown): Promise<RecoveryOutcome> {
    return this.#tracing.recover(socket, async (own) => {
      const outcome = await this.#admission.run(() => this.#restore(socket, pid, offset, own?.context));
      own?.span.setAttributes({
        'sluice.recovery.outcome': outcome.kind === 'recovered' ? 'recovered' : outcome.reason,
        'sluice.replay.events': outcome.kind === 'recovered' ? outcome.missed : 0,
      });
      return outcome;
    });
  }

  /** Resolves once the new session is written, or ended. */
  #begin(
    socket: Socket,
    rooms: Readonly<Record<string, Position>> = {},
    start: Position = this.#lane.cursor,
  ): Promise<void> {
    const { namespace, uid, userOf, dataOf } = this.#options;
    return this.#keeper.open({
      pid: internalsOf(socket).pid ?? '',
      sid: socket.id,
      namespace,
      user: userOf(socket),
      owner: uid,
      start,
      rooms: { ...Object.fromEntries(this.#options.joinedEarly(socket.id)), ...rooms },
      data: dataOf(socket),
    });
  }

  /** What this node has yet to hand out was said before the client came: neither now nor on its return is it for it. */
  async #beginAhead(socket: Socket): Promise<void> {
    const end = await this.#options.ahead();
    if (end === undefined || internalsOf(socket).client.conn.readyState !== 'open') return;
    this.#options.skipTo(socket.id, end);
    await this.#keeper.startAt(socket.id, end);
  }

  /** A client that is told its private name can come back by it, whatever happens next. */
  async #inTime(socket: Socket, begun: Promise<unknown>): Promise<void> {
    let cancel: (() => void) | undefined;
    const overdue = new Promise<never>((_resolve, reject) => {
      cancel = systemClock.schedule(beginDeadlineMs, () =>
        reject(new Error('the session could not be written')),
      );
    });
    try {
      await Promise.race([begun, overdue]);
    } catch (error) {
      // Another node may do better; an ordinary client tries again.
      internalsOf(socket).client.conn.close(true);
      throw error;
    } finally {
      cancel?.();
    }
  }

  /** @param held what it is part of, where that is recorded */
  async #restore(
    socket: Socket,
    pid: string,
    offset: unknown,
    held: Context | undefined,
  ): Promise<RecoveryOutcome> {
    const { conn } = internalsOf(socket).client;
    // It may have waited for its turn longer than its client did.
    if (conn.readyState !== 'open') throw new Error('the connection has ended');
    try {
      return await this.#claim(socket, pid, offset, held);
    } catch (error) {
      // Told to connect anew it would lose what it can still have.
      if (redisError.is(error)) {
        conn.close(true);
        this.#options.onFault({ operation: 'recover', cause: error });
      } else if (error instanceof SyntaxError) {
        // Whatever has broken it, it is of no use to anybody, and what it says is not for the client.
        this.#options.onFault({ operation: 'recover', cause: error });
        return { kind: 'fresh', reason: 'unknown' };
      }
      throw error;
    }
  }

  async #claim(
    socket: Socket,
    pid: string,
    offset: unknown,
    held: Context | undefined,
  ): Promise<RecoveryOutcome> {
    const { namespace, uid, userOf, fence } = this.#options;
    const claimant = { namespace, user: userOf(socket), owner: uid };
    const asked = within(held, () => ({ claim: this.#sessions.claim(pid, claimant), end: this.#log.end() }));
    // Where the claim fails nobody waits for it.
    asked.end.catch(() => undefined);
    const claim = await asked.claim;
    if (claim.kind !== 'claimed') {
      this.#skipGiven(socket, offset, await asked.end);
      return { kind: 'fresh', reason: claim.kind };
    }
    const { session, previousOwner } = claim;
    const { sid, generation } = session;
    this.#claims.begin(sid, generation);
    try {
      fence(previousOwner, sid, generation);
      return await this.#restoreClaimed(socket, session, offset, await asked.end, held);
    } finally {
      this.#claims.end(sid);
    }
  }

  /** Where this node is behind the one that the client comes from, the client must not hear again what it heard there. */
  #skipGiven(socket: Socket, offset: unknown, end: LogEnd): void {
    if (!isPosition(offset) || comparePositions(offset, this.#lane.cursor) <= 0) return;
    if (comparePositions(offset, end.position) <= 0) this.#options.skipTo(socket.id, offset);
  }

  /** A claim of this generation has been made somewhere: older ones that are under way here come to nothing. */
  onClaimed(sid: string, generation: number): void {
    this.#claims.onClaimed(sid, generation);
  }

  async #restoreClaimed(
    socket: Socket,
    session: Session,
    offset: unknown,
    end: LogEnd,
    held: Context | undefined,
  ): Promise<RecoveryOutcome> {
    const { onGap } = this.#options;
    const { pid, sid, generation } = session;
    const hold = { pid, generation };
    const kept = JSON.parse(session.data) as object;
    // None, where it has been given no event yet.
    const isGiven = isPosition(offset) && comparePositions(offset, end.position) <= 0;
    if (offset !== undefined && !isGiven) return this.#supersede(socket, hold, 'offset');
    const from = isGiven && comparePositions(offset, session.start) > 0 ? offset : session.start;
    const rooms = new Map(Object.entries(session.rooms));
    const missed = await this.#reader.read({ sid, rooms, from, start: session.start, end, held });
    const reason = gapReason(missed.gaps, from, end);
    if (reason !== undefined && onGap === 'fresh') {
      this.release(missed);
      return this.#supersede(socket, hold, reason);
    }
    const internals = internalsOf(socket);
    if (internals.client.conn.readyState !== 'open' || !this.#claims.isNewest(sid, generation)) {
      this.release(missed);
      internals.client.conn.close(true);
      throw new Error('the connection has ended, or its client has begun another');
    }
    // From here to its connection in one go: by this name there is only ever one socket.
    const outcome: RecoveryOutcome =
      reason === undefined
        ? { kind: 'recovered', missed: missed.entries.length }
        : { kind: 'signalled', reason };
    const early = this.#options.leaveEarly(socket.id);
    socket.data = Object.assign(kept, socket.data);
    // A new private name where there is a gap: by the old one its client would take itself for whole.
    rename(socket, { sid, pid: reason === undefined ? pid : internals.pid });
    this.#restored.set(sid, { ...missed, rooms, early, outcome });
    if (reason === undefined) {
      internals.recovered = true;
      this.#keeper.adopt(sid, hold, session.data);
    } else {
      const written = within(held, () => this.#begin(socket, session.rooms, from));
      this.#superseded.set(socket, { hold, written });
    }
    return outcome;
  }

  /** The old session ends once the new one stands: one that is cut before is told the same again. */
  #supersede(socket: Socket, hold: SessionHold, reason: FreshReason): RecoveryOutcome {
    this.#superseded.set(socket, { hold });
    return { kind: 'fresh', reason };
  }
}

function gapReason(gaps: readonly LogGap[], from: Position, { lostUntil }: LogEnd): FreshReason | undefined {
  if (lostUntil !== origin && comparePositions(from, lostUntil) < 0) return 'lost';
  return gaps.length > 0 ? 'trimmed' : undefined;
}

function isPosition(offset: unknown): offset is Position {
  return typeof offset === 'string' && positionText.test(offset);
}
