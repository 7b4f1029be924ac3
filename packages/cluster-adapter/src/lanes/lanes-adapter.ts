import type { Namespace, Socket } from 'socket.io';
import { Adapter, type BroadcastOptions, type Room, type Session, type SocketId } from 'socket.io-adapter';
import type { Packet } from 'socket.io-parser';
import { origin, type LogReceipt, type Position, type Topic } from '../log/cluster-log.ts';
import { ClusterQueries } from './cluster-queries.ts';
import { Entering } from './entering.ts';
import { FollowedRooms } from './followed-rooms.ts';
import type { Followed } from './followed.ts';
import type { LanesNode } from './lanes-node.ts';
import type { LogGap } from './merged-read.ts';
import type { Answer, NodeCommand, NodeHandler, NodeRequest } from './node-channel.ts';
import { PacketCodec } from './packet-codec.ts';
import { Publishing, type RoomPublication } from './publishing.ts';
import type { RecoveryOutcome } from './recovery.ts';
import { RoomListener, type Hearing } from './room-listener.ts';
import { RoomSockets } from './room-sockets.ts';
import { NamespaceSessions } from './namespace-sessions.ts';
import { drop, serverOf } from './socket-io-internals.ts';
import { namespaceTopic, roomOf, roomTopic } from './topic.ts';

const closeMs = 5_000;

/** The adapter of one namespace on one node: who is where, and which way everything goes. */
export class LanesAdapter extends Adapter implements NodeHandler {
  override readonly nsp: Namespace;
  readonly #node: LanesNode;
  readonly #rooms: FollowedRooms;
  readonly #all: Followed;
  readonly #publishing: Publishing;
  readonly #sockets: RoomSockets;
  readonly #queries: ClusterQueries;
  readonly #sessions: NamespaceSessions;
  /** The position of the command under way: what it joins is followed from there. */
  #joiningAfter: Position | undefined;
  /** The socket that is joining: its own room is followed from the beginning. */
  #joining: SocketId | undefined;
  readonly #hearing: Hearing = {
    onEntry: (room, followed, entry, before) => {
      this.#sockets.onEntry(room, followed, entry, before);
      if (room !== undefined) this.#rooms.arrivals.passed(room, entry.position);
    },
    onSent: (room, body) => this.#sockets.onSent(room, body),
    onGap: (room, gap) => this.#onGap(room, gap),
  };
  readonly #entering: Entering;
  #closing: Promise<void> | undefined;

  constructor(nsp: Namespace, node: LanesNode) {
    super(nsp);
    this.nsp = nsp;
    this.#node = node;
    const { log, lane, options } = node;
    const codec = new PacketCodec(nsp);
    this.#rooms = new FollowedRooms(
      lane,
      (room, after) => this.#follow(room, after),
      (room, id) => this.rooms.get(room)?.has(id) === true,
    );
    this.#publishing = new Publishing(nsp.name, log, codec, options);
    this.#sockets = new RoomSockets({
      nsp,
      node,
      codec,
      rooms: this.rooms,
      sids: this.sids,
      followed: this.#rooms,
      topicsOf: (sid) => this.#topicsOf(sid),
      onGap: (socket, gap) => {
        this.#observeGap(gap, 1);
        return this.#endOrTell(socket, gap);
      },
    });
    this.#queries = new ClusterQueries(nsp, node, this.#sockets, {
      join: (opts, rooms, after) => {
        this.#joiningAfter = after;
        super.addSockets(opts, rooms);
        this.#joiningAfter = undefined;
      },
      leave: (opts, rooms) => super.delSockets(opts, rooms),
      disconnect: (opts, close) => super.disconnectSockets(opts, close),
      fetch: (opts) => super.fetchSockets(opts),
    });
    this.#sessions = new NamespaceSessions(nsp, node, this.#sockets, {
      recovers: serverOf(nsp).opts.connectionStateRecovery !== undefined,
      follow: (room) => (room === undefined ? this.#followAll() : this.#follow(room)),
      enter: (sid, rooms) => void super.addAll(sid, new Set(rooms)),
      joinedEarly: (sid) => this.#entering.positions(sid, this.sids.get(sid) ?? []),
      leaveEarly: (sid) => {
        const rooms = new Set(this.sids.get(sid));
        super.delAll(sid);
        return rooms;
      },
      isHalfway: (sid) => this.#rooms.isHalfway(sid),
      all: () => this.#all,
    });
    this.#entering = new Entering(this.#rooms, {
      laggards: this.#sockets.laggards,
      sessions: this.#sessions,
      isIn: (id, room) => this.rooms.get(room)?.has(id) === true,
    });
    this.#all = this.#followAll();
    this.on('create-room', (room: Room) =>
      this.#rooms.open(room, room === this.#joining ? origin : this.#joiningAfter),
    );
    this.on('leave-room', (room: Room, id: SocketId) => this.#rooms.arrivals.leave(id, room));
    this.on('delete-room', (room: Room) => this.#rooms.close(room));
    node.enter(this);
  }

  /** How the socket came here. */
  outcomeOf(socket: Socket): RecoveryOutcome {
    return this.#sessions.outcomeOf(socket);
  }

  /** Resolves once this node hears the room, if one of its sockets is in it. */
  async heard(room: Room): Promise<void> {
    await this.#rooms.get(room)?.ready;
  }

  /** Resolves once a recovered socket has been given all it missed, or has gone; at once where nothing is left. */
  caughtUp(socket: Socket): Promise<void> | undefined {
    return this.#sockets.laggards.caughtUp(socket.id);
  }

  override close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Resolves once the sessions are written. */
  flush(deadlineMs: number): Promise<void> {
    return this.#sessions.close(deadlineMs);
  }

  override async serverCount(): Promise<number> {
    return 1 + (await this.#node.others()).length;
  }

  override addAll(id: SocketId, rooms: Set<Room>): Promise<void> | void {
    const before = this.sids.get(id);
    const joined = [...rooms].filter((room) => before?.has(room) !== true);
    this.#joining = id;
    void super.addAll(id, rooms);
    this.#joining = undefined;
    for (const room of joined) if (room !== id) this.#entering.begin(id, room, this.#joiningAfter);
    // Who joins once more may be waiting for the first time. For a socket's own room that is the only way to.
    const works = this.#entering.underWay(id, rooms);
    if (rooms.has(id) && before?.has(id) === true) works.push(this.heard(id));
    if (works.length === 0) return;
    const work = Promise.all(works).then(() => undefined);
    work.catch((cause: unknown) => this.#node.options.onFault({ operation: 'join', cause }));
    return work;
  }

  override del(id: SocketId, room: Room): Promise<void> | void {
    const wasIn = this.sids.get(id)?.has(room) === true;
    void super.del(id, room);
    return wasIn ? this.#sessions.left(id, room) : undefined;
  }

  override delAll(id: SocketId): void {
    const isConnected = this.nsp.sockets.has(id);
    super.delAll(id);
    this.#sockets.remove(id);
    this.#sessions.gone(id, isConnected);
  }

  override persistSession(session: Omit<Session, 'missedPackets'>): void {
    this.#sessions.away(session.sid);
  }

  /** Sessions are restored after the middlewares have run, and not where Socket.IO asks for it: before. */
  override restoreSession(): Promise<Session> {
    return Promise.resolve(null as unknown as Session);
  }

  override broadcast(packet: Packet, opts: BroadcastOptions): void {
    const { local, volatile, compress } = opts.flags ?? {};
    const rooms = [...opts.rooms];
    const [only = ''] = rooms;
    const isHere = volatile === true && rooms.length === 1 && this.nsp.sockets.has(only);
    if (local === true || packet.id !== undefined || isHere) {
      this.#sockets.emit(packet, opts);
      return;
    }
    const except = opts.except === undefined || opts.except.size === 0 ? undefined : [...opts.except];
    const publication = { rooms, except, packet, compress };
    const work = volatile === true ? this.#send(publication) : this.publish(publication);
    work.catch((cause: unknown) => this.#node.options.onFault({ operation: 'publish', cause }));
  }

  /** Resolves once it is in the log; rejects as the log's `publish` does. */
  publish(publication: RoomPublication): Promise<LogReceipt> {
    return this.#node.tracing.send(
      publication.rooms,
      (traceparent) => this.#publish(publication, traceparent),
      (receipt) => receipt,
    );
  }

  #publish(publication: RoomPublication, traceparent?: string): Promise<LogReceipt> {
    const { log, options } = this.#node;
    const { header, chunks } = this.#publishing.encode(publication, traceparent);
    if (log.available || options.whenAway === 'hold') {
      return this.#publishing.publish(publication, { header, chunks });
    }
    this.#sockets.onUnlogged(publication.rooms, { header, chunks });
    return this.#publishing.publish(publication, { header: { ...header, u: options.uid }, chunks });
  }

  /** Past the log. */
  #send(publication: RoomPublication): Promise<void> {
    return this.#node.tracing.send(publication.rooms, (traceparent) =>
      this.#publishing.send(publication, this.#publishing.encode(publication, traceparent)),
    );
  }

  override broadcastWithAck(
    packet: Packet,
    opts: BroadcastOptions,
    clientCountCallback: (clientCount: number) => void,
    ack: (...args: unknown[]) => void,
  ): void {
    // Asked in the tick in which the number of servers is: both mean the same nodes.
    if (opts.flags?.local !== true) this.#queries.broadcastWithAck(packet, opts, clientCountCallback, ack);
    else this.#queries.countNobody(clientCountCallback);
    clientCountCallback(this.#sockets.emitWithAck(packet, opts, ack));
  }

  override addSockets(opts: BroadcastOptions, rooms: Room[]): void {
    if (opts.flags?.local === true) super.addSockets(opts, rooms);
    else this.#queries.command('join', opts, { rooms });
  }

  override delSockets(opts: BroadcastOptions, rooms: Room[]): void {
    if (opts.flags?.local === true) super.delSockets(opts, rooms);
    else this.#queries.command('leave', opts, { rooms });
  }

  override disconnectSockets(opts: BroadcastOptions, close: boolean): void {
    if (opts.flags?.local === true) super.disconnectSockets(opts, close);
    else this.#queries.command('disconnect', opts, { close });
  }

  override fetchSockets(opts: BroadcastOptions): Promise<never[]> {
    return this.#queries.fetchSockets(opts) as Promise<never[]>;
  }

  override serverSideEmit(packet: unknown[]): void {
    this.#queries
      .serverSideEmit(packet)
      .catch((cause: unknown) => this.#node.options.onFault({ operation: 'serverSideEmit', cause }));
  }

  onCommand(command: NodeCommand, from: string, position: Position): void {
    this.#queries.onCommand(command, from, position);
  }

  onRequest(request: NodeRequest, answer: Answer): void {
    this.#queries.onRequest(request, answer);
  }

  onFence(sid: string, generation: number): void {
    this.#sessions.fence(sid, generation);
  }

  async #close(): Promise<void> {
    const { lane } = this.#node;
    this.#sessions.detach();
    this.#queries.close();
    this.#rooms.closeAll();
    lane.unfollow(this.#all, 0);
    await this.#sessions.close(closeMs);
    await this.#node.leave(this);
  }

  #followAll(): Followed {
    return this.#node.lane.follow(namespaceTopic(this.nsp.name), new RoomListener(undefined, this.#hearing));
  }

  #follow(room: Room, after?: Position): Followed {
    return this.#node.lane.follow(
      roomTopic(this.nsp.name, room),
      new RoomListener(room, this.#hearing),
      after,
    );
  }

  #topicsOf(sid: SocketId): Followed[] {
    const followed = [this.#all];
    for (const room of this.sids.get(sid) ?? []) {
      const one = this.#rooms.get(room);
      if (one !== undefined) followed.push(one);
    }
    return followed;
  }

  /** To those who hear the topic here and to whom what is missing was to be given. */
  #onGap(room: Room | undefined, gap: LogGap): void {
    const ids = [...(room === undefined ? this.sids.keys() : (this.rooms.get(room) ?? []))];
    const touched = ids.filter((id) => this.#sockets.misses(id, room, gap.through));
    this.#observeGap(gap, touched.length);
    for (const id of touched) this.#endOrTell(this.nsp.sockets.get(id) as Socket, gap);
    if (room !== undefined && gap.isEnd) this.#rooms.arrivals.passed(room, gap.through);
  }

  #observeGap(gap: LogGap, sockets: number): void {
    this.#node.options.onObserved({ kind: 'gap', namespace: this.nsp.name, gap, sockets });
  }

  #endOrTell(socket: Socket, { topic, from, to }: LogGap): boolean {
    if (this.#node.options.onGap === 'signal') {
      this.#sockets.tellGap(socket, { rooms: this.#roomsOf(socket, topic), from, to });
      return true;
    }
    // Without its session it comes back as somebody new, and knows that it must fill up.
    this.#sessions.forget(socket.id);
    drop(socket);
    return false;
  }

  #roomsOf(socket: Socket, topic: Topic): string[] {
    const room = roomOf(this.nsp.name, topic);
    return room === undefined ? [...socket.rooms] : [room];
  }
}
