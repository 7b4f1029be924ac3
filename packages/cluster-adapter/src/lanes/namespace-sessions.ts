import type { Namespace, Socket } from 'socket.io';
import { comparePositions } from '../position.ts';
import { origin, type LogEntry, type Position, type Topic } from '../log/cluster-log.ts';
import { beginningOf } from './beginning-of.ts';
import type { Followed } from './followed.ts';
import type { LanesNode } from './lanes-node.ts';
import { noteSender } from './lanes-tracing.ts';
import { Recovery, type RecoveryOutcome, type Restored } from './recovery.ts';
import type { RoomSockets } from './room-sockets.ts';
import { SessionKeeper } from './session-keeper.ts';
import { afterMiddlewares, drop, serverOf } from './socket-io-internals.ts';
import { roomOf } from './topic.ts';

export interface NamespaceSessionsOptions {
  /** False where the server does not recover connections: no session is written then. */
  readonly recovers: boolean;
  /** A room's topic, or the namespace's. */
  readonly follow: (room: string | undefined) => Followed;
  /** Puts a socket into rooms that its session has it in already. */
  readonly enter: (sid: string, rooms: Iterable<string>) => void;
  readonly joinedEarly: (sid: string) => ReadonlyMap<string, Position>;
  readonly leaveEarly: (sid: string) => ReadonlySet<string>;
  /** True where something has been handed out in part that the rest of may be for the socket. */
  readonly isHalfway: (sid: string) => boolean;
  /** What every socket of the namespace hears. */
  readonly all: () => Followed;
}

// Socket.IO's own default.
const defaultMs = 120_000;

/** The sessions of one namespace's sockets on this node, from the middlewares' yes to the end. */
export class NamespaceSessions {
  readonly #nsp: Namespace;
  readonly #node: LanesNode;
  readonly #sockets: RoomSockets;
  readonly #options: NamespaceSessionsOptions;
  readonly #keeper: SessionKeeper;
  readonly #recovery: Recovery;
  readonly #undo: (() => void)[] = [];

  constructor(nsp: Namespace, node: LanesNode, sockets: RoomSockets, options: NamespaceSessionsOptions) {
    this.#nsp = nsp;
    this.#node = node;
    this.#sockets = sockets;
    this.#options = options;
    const { log, lane, admission, clock } = node;
    const { uid, userOf, onGap, onFault } = node.options;
    const { connectionStateRecovery, pingInterval = 25_000, pingTimeout = 20_000 } = serverOf(nsp).opts;
    const { maxDisconnectionDuration = defaultMs } = connectionStateRecovery ?? {};
    const sessions = node.sessionsFor(maxDisconnectionDuration);
    this.#keeper = new SessionKeeper(sessions, {
      clock,
      dataOf: (sid) => {
        const socket = nsp.sockets.get(sid);
        return socket === undefined ? undefined : this.#dataOf(socket);
      },
      givenTo: (sid) => sockets.givenTo(sid),
      heartbeatMs: pingInterval + pingTimeout,
      onFenced: (sid) => this.#onFenced(sid),
      tracing: node.tracing,
      onFault,
    });
    this.#recovery = new Recovery(
      { log, lane, sessions, keeper: this.#keeper, admission, tracing: node.tracing },
      {
        namespace: nsp.name,
        uid,
        userOf,
        onGap,
        follow: options.follow,
        joinedEarly: options.joinedEarly,
        leaveEarly: options.leaveEarly,
        dataOf: (socket) => this.#dataOf(socket),
        ahead: () => beginningOf(log, options.all()),
        skipTo: (sid, position) => sockets.skipTo(sid, position),
        fence: (owner, sid, generation) => this.#fenceAt(owner, sid, generation),
        onFault,
      },
    );
    if (options.recovers) this.#attach();
  }

  outcomeOf(socket: Socket): RecoveryOutcome {
    return this.#recovery.outcomeOf(socket);
  }

  /** Resolves once the rooms are in the session. */
  joined(sid: string, rooms: Readonly<Record<string, Position>>): Promise<void> {
    return this.#keeper.joined(sid, rooms);
  }

  /** Resolves once the room is not in the session any more. */
  left(sid: string, room: string): Promise<void> {
    return this.#keeper.left(sid, room);
  }

  /** The socket has gone and may come back. */
  away(sid: string): void {
    this.#keeper.leave(sid);
  }

  /** The socket will not come back as who it was. */
  forget(sid: string): void {
    this.#keeper.forget(sid);
  }

  /** The socket has left everything. One that was never connected leaves its session for the next attempt. */
  gone(sid: string, wasConnected: boolean): void {
    if (this.#recovery.abandon(sid) && !wasConnected) this.#keeper.leave(sid);
    else this.#keeper.forget(sid);
  }

  fence(sid: string, generation: number): void {
    this.#recovery.onClaimed(sid, generation);
    if (this.#keeper.fence(sid, generation)) this.#onFenced(sid);
  }

  /** Lets go of the namespace. */
  detach(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }

  close(deadlineMs: number): Promise<void> {
    return this.#keeper.close(deadlineMs);
  }

  #attach(): void {
    const { connectionStateRecovery } = serverOf(this.#nsp).opts;
    // A session is bound to its user, whom only the middlewares know.
    if (connectionStateRecovery !== undefined) connectionStateRecovery.skipMiddlewares = false;
    const onConnect = (socket: Socket): void => this.#onConnect(socket);
    this.#undo.push(afterMiddlewares(this.#nsp, (socket) => this.#admit(socket)));
    // Before the application's own listeners: what was missed comes first.
    this.#nsp.prependListener('connect', onConnect as never);
    this.#undo.push(() => this.#nsp.off('connect', onConnect as never));
  }

  async #admit(socket: Socket): Promise<void> {
    await this.#recovery.admit(socket);
    const outcome = this.#recovery.outcomeOf(socket);
    this.#node.options.onObserved({ kind: 'admitted', namespace: this.#nsp.name, outcome });
  }

  /** In the tick in which CONNECT has been written: what was missed, and from then on everything. */
  #onConnect(socket: Socket): void {
    const { onFault } = this.#node.options;
    this.#recovery.settle(socket).catch((cause: unknown) => onFault({ operation: 'end session', cause }));
    const restored = this.#recovery.take(socket.id);
    if (restored === undefined) return;
    this.#options.enter(socket.id, restored.rooms.keys());
    this.#tellGaps(socket, restored);
    const began = Date.now();
    const senders = new Set<string>();
    let replayed = 0;
    const take = (_topic: Topic, entry: LogEntry): void => {
      replayed += 1;
      noteSender(senders, this.#sockets.replay(socket, entry));
    };
    for (const { topic, entry } of restored.entries) take(topic, entry);
    const whole =
      restored.complete && !this.#options.isHalfway(socket.id) && restored.catchUp.finish({ take });
    if (whole) this.#sockets.given(socket.id, restored.given());
    else this.#sockets.laggards.add(socket, onwards(restored), restored.given());
    this.#recovery.release(restored);
    if (replayed > 0) this.#node.tracing.replayed(socket, replayed, senders, began);
    if (restored.early.size > 0) void socket.join([...restored.early]);
  }

  #tellGaps(socket: Socket, { gaps, outcome, rooms, catchUp }: Restored): void {
    if (outcome.kind !== 'signalled') return;
    const named = gaps.map(({ topic }) => roomOf(this.#nsp.name, topic)).filter((room) => room !== undefined);
    this.#sockets.tellGap(socket, {
      rooms: named.length > 0 ? named : [...rooms.keys()],
      from: gaps[0]?.from ?? origin,
      to: gaps.at(-1)?.to ?? catchUp.cursor,
    });
  }

  /** Another socket has the session now: the old one, wherever it hangs, must not go on. */
  #fenceAt(owner: string, sid: string, generation: number): void {
    const { channel, options } = this.#node;
    if (owner === options.uid) {
      // Also one whose session is not kept any more: by this name there is only ever one socket.
      this.#keeper.fence(sid, generation);
      this.#onFenced(sid);
      return;
    }
    channel
      .fence(owner, { namespace: this.#nsp.name, sid, generation })
      .catch((cause: unknown) => options.onFault({ operation: 'fence', cause }));
  }

  #onFenced(sid: string): void {
    const socket = this.#nsp.sockets.get(sid);
    if (socket === undefined) return;
    this.#node.options.onObserved({ kind: 'fenced', namespace: this.#nsp.name });
    drop(socket);
  }

  #dataOf(socket: Socket): string {
    try {
      return JSON.stringify(socket.data ?? {});
    } catch (cause) {
      this.#node.options.onFault({ operation: 'encode session data', cause });
      return '{}';
    }
  }
}

/** Of each topic, what comes before what is still to be given. */
function onwards({ after, catchUp: { cursor } }: Restored): Map<Topic, Position> {
  return new Map(
    [...after].map(([topic, position]) => [
      topic,
      comparePositions(cursor, position) > 0 ? cursor : position,
    ]),
  );
}
