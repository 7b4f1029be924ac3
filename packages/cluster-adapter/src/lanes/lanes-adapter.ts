import { Adapter, type BroadcastOptions, type Room, type Session, type SocketId } from 'socket.io-adapter';
import type { Namespace, Socket } from 'socket.io';
import { PacketType, type Packet } from 'socket.io-parser';
import { comparePositions } from '../position.ts';
import {
  origin,
  type LogEntry,
  type LogPublication,
  type LogReceipt,
  type Position,
  type Topic,
} from '../log/cluster-log.ts';
import { Delivery } from './delivery.ts';
import { decodeEnvelope, encodeEnvelope, type Header } from './envelope.ts';
import type { Followed } from './lane.ts';
import type { LanesNode } from './lanes-node.ts';
import { Laggards } from './laggards.ts';
import type { LogGap } from './merged-read.ts';
import type { NodeCommand, NodeHandler, NodeRequest } from './node-channel.ts';
import { PacketCodec } from './packet-codec.ts';
import { Recovery, type RecoveryOutcome, type Restored } from './recovery.ts';
import { SessionKeeper } from './session-keeper.ts';
import { afterMiddlewares, drop, internalsOf, nextAckId, serverOf } from './socket-io-internals.ts';
import { namespaceTopic, roomTopic } from './topic.ts';

const requestTimeoutMs = 5_000;
const noRooms: ReadonlySet<string> = new Set();

export interface RoomPublication {
  readonly rooms: readonly string[];
  readonly except?: readonly string[];
  readonly packet: Packet;
  readonly compress?: boolean | undefined;
  readonly retention?: LogPublication['retention'];
  readonly idempotency?: LogPublication['idempotency'];
  /** True where `id` and `sentAt` are to be added at the head of the event's first argument, an object. */
  readonly stamp?: boolean;
}

/** The adapter of one namespace on one node. */
export class LanesAdapter extends Adapter implements NodeHandler {
  override readonly nsp: Namespace;
  readonly #node: LanesNode;
  readonly #codec: PacketCodec;
  readonly #rooms = new Map<Room, Followed>();
  readonly #all: Followed;
  readonly #recovers: boolean;
  readonly #keeper: SessionKeeper;
  readonly #recovery: Recovery;
  readonly #laggards: Laggards;
  readonly #undo: (() => void)[] = [];
  /** The position of the command under way: what it joins is followed from there. */
  #joiningAfter: Position | undefined;
  #closing: Promise<void> | undefined;

  constructor(nsp: Namespace, node: LanesNode) {
    super(nsp);
    this.nsp = nsp;
    this.#node = node;
    this.#codec = new PacketCodec(nsp);
    const { log, lane, options, clock } = node;
    const { onFault } = options;
    const { connectionStateRecovery } = serverOf(nsp).opts;
    this.#recovers = connectionStateRecovery !== undefined;
    // A session is bound to its user, whom only the middlewares know.
    if (connectionStateRecovery !== undefined) connectionStateRecovery.skipMiddlewares = false;
    this.#keeper = new SessionKeeper(node.sessions, {
      clock,
      dataOf: (sid) => {
        const socket = nsp.sockets.get(sid);
        return socket === undefined ? undefined : this.#dataOf(socket);
      },
      onFenced: (sid) => this.#onFenced(sid),
      onFault,
    });
    this.#laggards = new Laggards(log, lane, {
      clock,
      maxQueuedBytes: options.maxQueuedBytes,
      topicsOf: (sid) => this.#topicsOf(sid),
      write: (socket, topic, entry, latest) => this.#replay(socket, topic, entry, latest),
      writeLatest: (socket, latest, offset) => {
        for (const entry of latest.values()) this.#write(socket, this.#deliveryOf(entry, offset));
      },
      onGap: (socket, gap) => this.#onSocketGap(socket, gap),
      onResumed: (_socket, replayed, tookMs) =>
        options.onObserved({ kind: 'resumed', namespace: nsp.name, replayed, tookMs }),
      onFault,
    });
    this.#recovery = new Recovery(
      { log, lane, sessions: node.sessions, keeper: this.#keeper, admission: node.admission },
      {
        namespace: nsp.name,
        uid: options.uid,
        userOf: options.userOf,
        onGap: options.onGap,
        follow: (room) =>
          room === undefined ? lane.follow(this.#all.topic, this.#all.listener) : this.#follow(room),
        unfollow: (followed) => lane.unfollow(followed),
        dataOf: (socket) => this.#dataOf(socket),
        fence: (owner, sid, generation) => this.#fence(owner, sid, generation),
      },
    );
    this.#all = lane.follow(namespaceTopic(nsp.name), this.#listener(undefined));
    this.on('create-room', (room: Room) => this.#rooms.set(room, this.#follow(room, this.#joiningAfter)));
    this.on('delete-room', (room: Room) => {
      const followed = this.#rooms.get(room);
      this.#rooms.delete(room);
      if (followed !== undefined) lane.unfollow(followed);
    });
    if (this.#recovers) {
      this.#undo.push(afterMiddlewares(nsp, (socket) => this.#admit(socket)));
      const onConnect = (socket: Socket): void => this.#onConnect(socket);
      // Before the application's own listeners: what was missed comes first.
      nsp.prependListener('connect', onConnect as never);
      this.#undo.push(() => nsp.off('connect', onConnect as never));
    }
    node.adapters.set(nsp.name, this);
    void node
      .start(new AbortController().signal)
      .catch((cause: unknown) => onFault({ operation: 'start', cause }));
  }

  /** How the socket came here. */
  outcomeOf(socket: Socket): RecoveryOutcome {
    return this.#recovery.outcomeOf(socket);
  }

  /** Resolves once this node hears the room, if one of its sockets is in it. */
  async heard(room: Room): Promise<void> {
    await this.#rooms.get(room)?.ready;
  }

  override close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Resolves once the sessions are written. */
  flush(deadlineMs: number): Promise<void> {
    return this.#keeper.close(deadlineMs);
  }

  override async serverCount(): Promise<number> {
    return 1 + (await this.#node.others()).length;
  }

  override addAll(id: SocketId, rooms: Set<Room>): Promise<void> | void {
    const before = this.sids.get(id);
    const joined = [...rooms].filter((room) => before?.has(room) !== true);
    void super.addAll(id, rooms);
    const positions = new Map<Room, Followed>();
    for (const room of joined) {
      const followed = this.#rooms.get(room);
      if (followed === undefined) continue;
      if (followed.live) this.#laggards.joined(id, followed.topic, followed.last);
      if (room !== id) positions.set(room, followed);
    }
    // A socket's own room: nobody waits for it.
    if (positions.size === 0) return;
    const work = this.#joined(id, positions);
    work.catch((cause: unknown) => this.#node.options.onFault({ operation: 'join', cause }));
    return work;
  }

  override del(id: SocketId, room: Room): Promise<void> | void {
    const wasIn = this.sids.get(id)?.has(room) === true;
    void super.del(id, room);
    return wasIn ? this.#keeper.left(id, room) : undefined;
  }

  override delAll(id: SocketId): void {
    const socket = this.nsp.sockets.get(id);
    super.delAll(id);
    this.#laggards.remove(id);
    // Never connected, its session waits for the next attempt; one that is gone for good takes it along.
    if (this.#recovery.abandon(id) && socket === undefined) this.#keeper.leave(id);
    else this.#keeper.forget(id);
  }

  override persistSession(session: Omit<Session, 'missedPackets'>): void {
    this.#keeper.leave(session.sid);
  }

  /** Sessions are restored after the middlewares have run, and not where Socket.IO asks for it: before. */
  override restoreSession(): Promise<Session> {
    return Promise.resolve(null as unknown as Session);
  }

  override broadcast(packet: Packet, opts: BroadcastOptions): void {
    const flags = opts.flags ?? {};
    packet.nsp = this.nsp.name;
    const [only] = opts.rooms;
    const isHere = opts.rooms.size === 1 && this.nsp.sockets.has(only as string);
    if (flags.local === true || packet.id !== undefined || (flags.volatile === true && isHere)) {
      this.#broadcastHere(packet, opts);
      return;
    }
    const { compress } = flags;
    const publication = { rooms: [...opts.rooms], except: [...(opts.except ?? [])], packet, compress };
    const work = flags.volatile === true ? this.#send(publication) : this.publish(publication);
    work.catch((cause: unknown) => this.#node.options.onFault({ operation: 'publish', cause }));
  }

  /** Resolves once it is in the log; rejects as the log's `publish` does. */
  publish(publication: RoomPublication): Promise<LogReceipt> {
    const { log, options } = this.#node;
    const { rooms, idempotency } = publication;
    const topics = this.#topicsFor(rooms);
    const away = options.whenAway === 'deliver' && !log.available;
    const { header, chunks } = this.#encode(publication);
    if (away)
      this.#fanOutAll(
        rooms,
        new Delivery(this.#codec, { header, chunks }, { offset: this.#node.lane.cursor }),
      );
    return log.publish({
      topics,
      body: encodeEnvelope(away ? { ...header, u: options.uid } : header, chunks),
      retention: publication.retention ?? options.retention(this.nsp.name, rooms[0]),
      ...(idempotency !== undefined && { idempotency }),
    });
  }

  override broadcastWithAck(
    packet: Packet,
    opts: BroadcastOptions,
    clientCountCallback: (clientCount: number) => void,
    ack: (...args: unknown[]) => void,
  ): void {
    const flags = opts.flags ?? {};
    // Before anything is written: the count is asked for in this very tick.
    if (flags.local !== true) {
      const request: NodeRequest = {
        namespace: this.nsp.name,
        op: 'broadcast',
        filter: filterOf(opts),
        flags: {
          ...(flags.compress !== undefined && { compress: flags.compress }),
          ...(flags.volatile !== undefined && { volatile: flags.volatile }),
        },
        args: [...(packet.data as unknown[])],
      };
      this.#ask(request, flags.timeout ?? requestTimeoutMs, {
        onAnswer: (value) => {
          const { count, args } = value as { count?: number; args?: unknown[] };
          if (count !== undefined) clientCountCallback(count);
          if (args !== undefined) ack(...args);
        },
        // Gone without an answer, or without the namespace: nobody there was written to.
        onAbsent: () => clientCountCallback(0),
      });
    }
    this.#broadcastHereWithAck(packet, opts, clientCountCallback, ack);
  }

  override addSockets(opts: BroadcastOptions, rooms: Room[]): void {
    if (opts.flags?.local === true) super.addSockets(opts, rooms);
    else this.#command({ namespace: this.nsp.name, op: 'join', filter: filterOf(opts), rooms });
  }

  override delSockets(opts: BroadcastOptions, rooms: Room[]): void {
    if (opts.flags?.local === true) super.delSockets(opts, rooms);
    else this.#command({ namespace: this.nsp.name, op: 'leave', filter: filterOf(opts), rooms });
  }

  override disconnectSockets(opts: BroadcastOptions, close: boolean): void {
    if (opts.flags?.local === true) super.disconnectSockets(opts, close);
    else this.#command({ namespace: this.nsp.name, op: 'disconnect', filter: filterOf(opts), close });
  }

  override async fetchSockets(opts: BroadcastOptions): Promise<never[]> {
    const here = (await super.fetchSockets(opts)) as unknown[];
    if (opts.flags?.local === true) return here as never[];
    const request: NodeRequest = { namespace: this.nsp.name, op: 'fetchSockets', filter: filterOf(opts) };
    const missing = await this.#node.channel.ask(
      request,
      await this.#node.others(),
      opts.flags?.timeout ?? requestTimeoutMs,
      {
        onAnswer: (value) => here.push(...(value as unknown[])),
      },
    );
    if (missing.length > 0) this.#unanswered('fetchSockets', missing);
    return here as never[];
  }

  override async serverSideEmit(packet: unknown[]): Promise<void> {
    const ack = packet.at(-1);
    const namespace = this.nsp.name;
    if (typeof ack !== 'function') {
      await this.#node.channel.command({ namespace, op: 'serverSideEmit', args: packet });
      return;
    }
    const others = await this.#node.others();
    const responses: unknown[] = [];
    const missing = await this.#node.channel.ask(
      { namespace, op: 'serverSideEmit', args: packet.slice(0, -1) },
      others,
      requestTimeoutMs,
      {
        onAnswer: (value) => responses.push(value),
      },
    );
    if (missing.length === 0) ack(null, responses);
    else {
      this.#unanswered('serverSideEmit', missing);
      ack(
        new Error(`timeout reached: only ${responses.length} responses received out of ${others.length}`),
        responses,
      );
    }
  }

  onCommand(command: NodeCommand, from: string, position: Position): void {
    const { op, filter, rooms = [], close = false, args = [] } = command;
    const opts = optionsOf(filter);
    switch (op) {
      case 'join':
        this.#joiningAfter = position;
        super.addSockets(opts, [...rooms]);
        this.#joiningAfter = undefined;
        break;
      case 'leave':
        super.delSockets(opts, [...rooms]);
        break;
      case 'disconnect':
        super.disconnectSockets(opts, close);
        break;
      case 'serverSideEmit':
        if (from !== this.#node.options.uid) this.#emitServerSide(args);
    }
  }

  onRequest(request: NodeRequest, answer: (value: unknown, settled: boolean) => void): void {
    const opts: BroadcastOptions = { ...optionsOf(request.filter), flags: { ...request.flags } };
    switch (request.op) {
      case 'fetchSockets':
        super.fetchSockets(opts).then(
          (sockets) => answer((sockets as unknown as Socket[]).map(describe), true),
          (cause: unknown) => this.#node.options.onFault({ operation: 'fetchSockets', cause }),
        );
        break;
      case 'serverSideEmit': {
        let answered = false;
        this.#emitServerSide([
          ...(request.args ?? []),
          (value: unknown) => {
            if (answered) return;
            answered = true;
            answer(value, true);
          },
        ]);
        break;
      }
      case 'broadcast': {
        const packet = { type: PacketType.EVENT, nsp: this.nsp.name, data: [...(request.args ?? [])] };
        this.#broadcastHereWithAck(
          packet,
          opts,
          (count) => answer({ count }, true),
          (...args) => answer({ args }, false),
        );
      }
    }
  }

  onFence(sid: string, generation: number): void {
    if (this.#keeper.fence(sid, generation)) this.#onFenced(sid);
  }

  async #close(): Promise<void> {
    const { lane } = this.#node;
    for (const undo of this.#undo.splice(0)) undo();
    for (const followed of this.#rooms.values()) lane.unfollow(followed, 0);
    this.#rooms.clear();
    lane.unfollow(this.#all, 0);
    await this.#keeper.close(requestTimeoutMs);
    await this.#node.leave(this);
  }

  // ---- Hearing

  #follow(room: Room, after?: Position): Followed {
    return this.#node.lane.follow(roomTopic(this.nsp.name, room), this.#listener(room), after);
  }

  #listener(room: Room | undefined): Followed['listener'] {
    return {
      onEntry: (entry, before) => this.#onEntry(room, entry, before),
      onSent: (body) => this.#onSent(room, body),
      onGap: (gap) => this.#onGap(room, gap),
    };
  }

  #onEntry(room: Room | undefined, entry: LogEntry, before: Position): void {
    const cursor = comparePositions(entry.position, before) > 0 ? entry.position : before;
    const delivery = this.#deliveryOf(entry, cursor);
    if (delivery.header.u === this.#node.options.uid) return;
    // Handed out late, it lies before what a consumer that falls behind would be served from.
    this.#fanOut(room, delivery, cursor === entry.position ? before : undefined);
  }

  #onSent(room: Room | undefined, body: Buffer): void {
    const terms = { offset: this.#node.lane.cursor, volatile: true };
    this.#fanOut(room, new Delivery(this.#codec, decodeEnvelope(body), terms), undefined);
  }

  #deliveryOf(entry: LogEntry, offset: Position): Delivery {
    return new Delivery(this.#codec, decodeEnvelope(entry.body), { position: entry.position, offset });
  }

  /** To those of the room's sockets who are not in an earlier room of the same broadcast. */
  #fanOut(room: Room | undefined, delivery: Delivery, before: Position | undefined): void {
    const { r, x } = delivery.header;
    const ids = room === undefined ? this.sids.keys() : this.rooms.get(room);
    if (ids === undefined) return;
    const others = [...(x ?? []), ...(r === undefined ? [] : r.slice(0, r.indexOf(room as string)))];
    for (const id of ids) {
      if (others.length > 0 && others.some((other) => this.rooms.get(other)?.has(id) === true)) continue;
      const socket = this.nsp.sockets.get(id);
      if (socket === undefined) continue;
      if (this.#laggards.size > 0 && this.#laggards.has(id)) continue;
      if (before !== undefined && this.#laggards.isOverBudget(internalsOf(socket).client.conn))
        this.#spill(socket, before);
      else this.#write(socket, delivery);
    }
  }

  #fanOutAll(rooms: readonly Room[], delivery: Delivery): void {
    if (rooms.length === 0) this.#fanOut(undefined, delivery, undefined);
    else for (const room of rooms) this.#fanOut(room, delivery, undefined);
  }

  #spill(socket: Socket, cursor: Position): void {
    this.#node.options.onObserved({ kind: 'spilled', namespace: this.nsp.name });
    this.#laggards.add(socket, cursor);
  }

  #write(socket: Socket, delivery: Delivery): void {
    const internals = internalsOf(socket);
    if (internals._anyOutgoingListeners !== undefined && internals._anyOutgoingListeners.length > 0) {
      internals.notifyOutgoingListeners(delivery.packet as { data: unknown[] });
    }
    const { chunks, options } = internals.pid === undefined ? delivery.plain : delivery.recoverable;
    internals.client.writeToEngine(chunks, options);
  }

  /** Writes a logged entry that the socket has missed, where it is meant for it. */
  #replay(socket: Socket, topic: Topic, entry: LogEntry, latest?: Map<string, LogEntry>): void {
    const delivery = this.#deliveryOf(entry, entry.position);
    const { x, p, u } = delivery.header;
    const rooms = this.sids.get(socket.id) ?? noRooms;
    if (x?.some((room) => rooms.has(room)) === true) return;
    if (latest !== undefined) {
      if (p === 'd' || u === this.#node.options.uid) return;
      if (p === 'l') {
        latest.set(`${topic} ${String((delivery.packet.data as unknown[])[0])}`, entry);
        return;
      }
    }
    this.#write(socket, delivery);
  }

  #topicsOf(sid: string): Followed[] {
    const rooms = this.sids.get(sid) ?? noRooms;
    const followed = [...rooms].map((room) => this.#rooms.get(room)).filter((one) => one !== undefined);
    return [this.#all, ...followed];
  }

  *#select({ rooms, except }: BroadcastOptions): Generator<Socket> {
    const among =
      rooms.size === 0
        ? this.sids.keys()
        : new Set([...rooms].flatMap((room) => [...(this.rooms.get(room) ?? [])]));
    const others = [...(except ?? [])];
    for (const id of among) {
      if (others.some((room) => this.rooms.get(room)?.has(id) === true)) continue;
      const socket = this.nsp.sockets.get(id);
      if (socket !== undefined) yield socket;
    }
  }

  #broadcastHere(packet: Packet, opts: BroadcastOptions): void {
    const { compress, volatile } = opts.flags ?? {};
    const delivery = this.#deliveryHere(packet, compress, volatile);
    for (const socket of this.#select(opts)) this.#write(socket, delivery);
  }

  #broadcastHereWithAck(
    packet: Packet,
    opts: BroadcastOptions,
    onCount: (count: number) => void,
    ack: (...args: unknown[]) => void,
  ): void {
    const { compress, volatile } = opts.flags ?? {};
    packet.nsp = this.nsp.name;
    packet.id = nextAckId(this.nsp);
    const delivery = this.#deliveryHere(packet, compress, volatile);
    let count = 0;
    for (const socket of this.#select(opts)) {
      count += 1;
      internalsOf(socket).acks.set(packet.id, ack);
      this.#write(socket, delivery);
    }
    onCount(count);
  }

  #deliveryHere(packet: Packet, compress: boolean | undefined, volatile: boolean | undefined): Delivery {
    const header: Header = compress === undefined ? {} : { c: compress ? 1 : 0 };
    const terms = { offset: this.#node.lane.cursor, volatile: volatile === true };
    return new Delivery(this.#codec, { header, chunks: this.#codec.encode(packet) }, terms);
  }

  // ---- Publishing

  #topicsFor(rooms: readonly string[]): [Topic, ...Topic[]] {
    const [first, ...others] = rooms;
    const { name } = this.nsp;
    if (first === undefined) return [namespaceTopic(name)];
    return [roomTopic(name, first), ...others.map((room) => roomTopic(name, room))];
  }

  #encode({ rooms, except = [], packet, compress, stamp = false }: RoomPublication): {
    header: Header;
    chunks: (string | Buffer)[];
  } {
    packet.nsp = this.nsp.name;
    const chunks = this.#codec.encode(packet);
    const [text] = chunks;
    const policy = this.#node.options.policies[String((packet.data as unknown[])[0])];
    const header: Header = {
      ...(rooms.length > 1 && { r: rooms }),
      ...(except.length > 0 && { x: except }),
      // The first object of an event whose name holds no brace: an event's name comes first.
      ...(stamp && typeof text === 'string' && { s: text.indexOf('{') + 1 }),
      ...(compress !== undefined && { c: compress ? 1 : 0 }),
      ...(policy === 'droppable' && { p: 'd' }),
      ...(policy === 'latest' && { p: 'l' }),
    };
    return { header, chunks };
  }

  async #send(publication: RoomPublication): Promise<void> {
    const { header, chunks } = this.#encode(publication);
    const body = encodeEnvelope(header, chunks);
    await Promise.all(this.#topicsFor(publication.rooms).map((topic) => this.#node.log.send(topic, body)));
  }

  #command(command: NodeCommand): void {
    this.#node.channel
      .command(command)
      .catch((cause: unknown) => this.#node.options.onFault({ operation: command.op, cause }));
  }

  #ask(
    request: NodeRequest,
    timeoutMs: number,
    listeners: { onAnswer: (value: unknown) => void; onAbsent: () => void },
  ): void {
    const ask = async (): Promise<void> => {
      const others = await this.#node.others();
      const counted = new Set<string>();
      await this.#node.channel.ask(request, others, timeoutMs, {
        onAnswer: (value, from) => {
          counted.add(from);
          listeners.onAnswer(value);
        },
        onSettled: (member) => {
          if (!counted.has(member)) listeners.onAbsent();
        },
      });
    };
    ask().catch((cause: unknown) => this.#node.options.onFault({ operation: request.op, cause }));
  }

  #emitServerSide(args: readonly unknown[]): void {
    (this.nsp as unknown as { _onServerSideEmit(args: readonly unknown[]): void })._onServerSideEmit(args);
  }

  #unanswered(operation: string, missing: readonly string[]): void {
    const cause = new Error(`no answer from ${missing.join(', ')}`);
    this.#node.options.onFault({ operation, cause });
  }

  // ---- Sessions

  async #admit(socket: Socket): Promise<void> {
    await this.#recovery.admit(socket);
    this.#node.options.onObserved({
      kind: 'admitted',
      namespace: this.nsp.name,
      outcome: this.outcomeOf(socket),
    });
  }

  /** In the tick in which CONNECT has been written: what was missed, and from then on everything. */
  #onConnect(socket: Socket): void {
    const restored = this.#recovery.take(socket.id);
    if (restored === undefined) return;
    void super.addAll(socket.id, new Set(restored.rooms.keys()));
    this.#tellGaps(socket, restored);
    const take = (topic: Topic, entry: LogEntry): void => this.#replay(socket, topic, entry);
    for (const { topic, entry } of restored.missed) take(topic, entry);
    const whole = restored.complete && restored.catchUp.finish({ take });
    if (!whole) this.#laggards.add(socket, restored.catchUp.cursor, restored.joined);
    this.#recovery.release(restored);
  }

  #tellGaps(socket: Socket, { gaps, outcome, rooms, catchUp }: Restored): void {
    if (outcome.kind !== 'signalled') return;
    const named = gaps.map(({ topic }) => this.#roomOf(topic)).filter((room) => room !== undefined);
    this.#tellGap(socket, {
      rooms: named.length > 0 ? named : [...rooms.keys()],
      from: gaps[0]?.from ?? origin,
      to: gaps.at(-1)?.to ?? catchUp.cursor,
    });
  }

  #roomOf(topic: Topic): string | undefined {
    const prefix = roomTopic(this.nsp.name, '');
    return topic.startsWith(prefix) ? topic.slice(prefix.length) : undefined;
  }

  #tellGap(socket: Socket, gap: { rooms: readonly string[]; from: Position; to: Position }): void {
    const packet = { type: PacketType.EVENT, nsp: this.nsp.name, data: ['sluice:gap', gap] };
    this.#write(socket, this.#deliveryHere(packet, undefined, undefined));
  }

  #onGap(room: Room | undefined, gap: LogGap): void {
    const ids = room === undefined ? [...this.sids.keys()] : [...(this.rooms.get(room) ?? [])];
    const sockets = ids.map((id) => this.nsp.sockets.get(id)).filter((socket) => socket !== undefined);
    this.#node.options.onObserved({ kind: 'gap', namespace: this.nsp.name, gap, sockets: sockets.length });
    // Those who are behind read up to it themselves.
    for (const socket of sockets) if (!this.#laggards.has(socket.id)) this.#endOrTell(socket, gap);
  }

  #onSocketGap(socket: Socket, gap: LogGap): boolean {
    this.#node.options.onObserved({ kind: 'gap', namespace: this.nsp.name, gap, sockets: 1 });
    return this.#endOrTell(socket, gap);
  }

  #endOrTell(socket: Socket, { topic, from, to }: LogGap): boolean {
    if (this.#node.options.onGap === 'signal') {
      const room = this.#roomOf(topic);
      this.#tellGap(socket, { rooms: room === undefined ? [...socket.rooms] : [room], from, to });
      return true;
    }
    // Without its session it comes back as somebody new, and knows that it must fill up.
    this.#keeper.forget(socket.id);
    drop(socket);
    return false;
  }

  async #joined(id: SocketId, rooms: ReadonlyMap<Room, Followed>): Promise<void> {
    const positions = Object.create(null) as Record<string, Position>;
    for (const [room, followed] of rooms) if (followed.live) positions[room] = followed.last;
    for (const [room, followed] of rooms) {
      await followed.ready;
      if (positions[room] !== undefined) continue;
      positions[room] = followed.base;
      this.#laggards.joined(id, followed.topic, followed.base);
    }
    const still = Object.entries(positions).filter(([room]) => this.rooms.get(room)?.has(id) === true);
    await this.#keeper.joined(id, Object.fromEntries(still));
  }

  #fence(owner: string, sid: string, generation: number): void {
    if (owner === this.#node.options.uid) {
      const old = this.nsp.sockets.get(sid);
      if (old === undefined) return;
      this.#keeper.fence(sid, generation);
      this.#onFenced(sid);
      return;
    }
    this.#node.channel
      .fence(owner, { namespace: this.nsp.name, sid, generation })
      .catch((cause: unknown) => this.#node.options.onFault({ operation: 'fence', cause }));
  }

  #onFenced(sid: string): void {
    const socket = this.nsp.sockets.get(sid);
    if (socket === undefined) return;
    this.#node.options.onObserved({ kind: 'fenced', namespace: this.nsp.name });
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

function filterOf(opts: BroadcastOptions): { rooms: string[]; except: string[] } {
  return { rooms: [...opts.rooms], except: [...(opts.except ?? [])] };
}

function optionsOf(filter: NodeCommand['filter']): BroadcastOptions {
  return { rooms: new Set(filter?.rooms), except: new Set(filter?.except) };
}

/** As the official adapters describe a socket to other nodes. */
function describe({ id, handshake, rooms, data }: Socket): object {
  const { sessionStore: _circular, ...plain } = handshake as unknown as Record<string, unknown>;
  return { id, handshake: plain, rooms: [...rooms], data };
}
