import type { Namespace, Socket } from 'socket.io';
import type { BroadcastOptions } from 'socket.io-adapter';
import { PacketType, type Packet } from 'socket.io-parser';
import type { Hop } from '../event-tracing.ts';
import { comparePositions, laterOf } from '../position.ts';
import { origin, type LogEntry, type Position } from '../log/cluster-log.ts';
import { AheadSockets } from './ahead-sockets.ts';
import { Delivery, type Encoded } from './delivery.ts';
import { decodeEnvelope, type Header } from './envelope.ts';
import type { FollowedRooms } from './followed-rooms.ts';
import type { Followed } from './followed.ts';
import { Laggards } from './laggards.ts';
import type { LanesNode } from './lanes-node.ts';
import type { LogGap } from './merged-read.ts';
import type { PacketCodec } from './packet-codec.ts';
import type { Envelope } from './publishing.ts';
import { hearsOutgoing, internalsOf, nextAckId } from './socket-io-internals.ts';

/** Where an entry was heard, and what was heard there before it. */
interface Logged {
  readonly followed: Followed;
  readonly before: Position;
  readonly position: Position;
}

export interface RoomSocketsParts {
  readonly nsp: Namespace;
  readonly node: LanesNode;
  readonly codec: PacketCodec;
  /** The adapter's own: who is in a room, and what rooms a socket is in. */
  readonly rooms: ReadonlyMap<string, ReadonlySet<string>>;
  readonly sids: ReadonlyMap<string, ReadonlySet<string>>;
  readonly followed: FollowedRooms;
  /** What a socket hears: its rooms and its namespace. */
  readonly topicsOf: (sid: string) => readonly Followed[];
  /** Returns false where the socket does not live on. */
  readonly onGap: (socket: Socket, gap: LogGap) => boolean;
}

/** The sockets of one namespace on this node, and all that is written to them. */
export class RoomSockets {
  readonly laggards: Laggards;
  readonly #parts: RoomSocketsParts;
  readonly #ahead = new AheadSockets();

  constructor(parts: RoomSocketsParts) {
    this.#parts = parts;
    const { node, nsp, topicsOf, onGap } = parts;
    const { options } = node;
    this.laggards = new Laggards(node.log, node.lane, {
      clock: node.clock,
      maxQueuedBytes: options.maxQueuedBytes,
      topicsOf,
      isHalfway: (sid) => parts.followed.isHalfway(sid),
      known: (sid) => parts.followed.arrivals.of(sid).map(({ known }) => known),
      write: (socket, followed, entry) => this.replay(socket, entry, followed),
      onGap,
      onResumed: (sid, { offset, replayed, tookMs, senders }) => {
        this.given(sid, offset);
        node.tracing.resumed(replayed, senders, Date.now() - tookMs);
        options.onObserved({ kind: 'resumed', namespace: nsp.name, replayed, tookMs });
      },
      onFault: options.onFault,
    });
  }

  /** The socket is to be given nothing that lies before or at `position`. */
  skipTo(sid: string, position: Position): void {
    this.#ahead.add(sid, position);
  }

  /** The socket has been given everything up to `position`: further than this node is, where it has heard less. */
  given(sid: string, position: Position): void {
    if (comparePositions(position, this.#parts.node.lane.cursor) > 0) this.skipTo(sid, position);
  }

  /** The socket has gone. */
  remove(sid: string): void {
    this.laggards.remove(sid);
    this.#ahead.remove(sid);
  }

  /** Everything up to here has been written to the socket; undefined for one that is behind. */
  givenTo(sid: string): Position | undefined {
    const { cursor } = this.#parts.node.lane;
    return this.laggards.has(sid) ? undefined : laterOf(this.#ahead.offsetOf(sid) ?? cursor, cursor);
  }

  /**
   * True where a gap of its room or of the namespace touches a socket. One that is behind reads up to it itself, and so does one
   * of which it is not known yet whether that was before its join.
   */
  misses(id: string, room: string | undefined, through: Position): boolean {
    const { followed, nsp } = this.#parts;
    const socket = nsp.sockets.get(id);
    if (socket === undefined || this.laggards.has(id) || this.#ahead.has(id, through)) return false;
    if (room === undefined || followed.arrivals.isSettled(id, room)) return true;
    if (!followed.arrivals.isUnsure(id, room)) return !followed.arrivals.isBefore(id, room, through);
    this.#serveFromLog(socket);
    return false;
  }

  /** A logged entry, to a room's sockets or to all. `before` is the one before it in its topic. */
  onEntry(room: string | undefined, followed: Followed, entry: LogEntry, before: Position): void {
    this.#handOut(room, followed, entry, before);
    // After it: who is served from the log from here on begins where it is, and not where this node was.
    this.#ahead.passed(entry.position);
  }

  #handOut(room: string | undefined, followed: Followed, entry: LogEntry, before: Position): void {
    const { lane, options } = this.#parts.node;
    const delivery = this.#deliveryOf(entry, lane.cursor);
    const { p, n = '', u, r: several } = delivery.header;
    if (several !== undefined) this.#parts.followed.comes(several, entry.position);
    if (p === 'l') (followed.latest ??= new Map()).set(n, entry.position);
    if (u === options.uid) return;
    const hop = this.#hop(room, delivery, entry.position);
    const telling = hop && ((traceparent: string) => this.#deliveryOf(entry, lane.cursor, traceparent));
    this.#fanOut(room, delivery, { followed, before, position: entry.position }, hop, telling);
  }

  /** Something that was sent past the log. */
  onSent(room: string | undefined, body: Buffer): void {
    const terms = { offset: this.#parts.node.lane.cursor, volatile: true };
    const { header, packet } = decodeEnvelope(body);
    const delivery = new Delivery(this.#parts.codec, header, packet, terms);
    const hop = this.#hop(room, delivery, undefined);
    const telling =
      hop &&
      ((traceparent: string) => new Delivery(this.#parts.codec, header, packet, { ...terms, traceparent }));
    this.#fanOut(room, delivery, undefined, hop, telling);
  }

  /** Out of the one order, while the log is away. */
  onUnlogged(rooms: readonly string[], { header, chunks }: Envelope): void {
    const terms = { offset: this.#parts.node.lane.cursor };
    const delivery = new Delivery(this.#parts.codec, header, chunks, terms);
    if (rooms.length === 0) this.#fanOut(undefined, delivery);
    else for (const room of rooms) this.#fanOut(room, delivery);
  }

  /**
   * Writes an entry that the socket has missed, where it is meant for it. `behind`: to one that was here all the time and
   * too slow, without what it need not have any more. Returns the `traceparent` of its sending, where that was recorded.
   */
  replay(socket: Socket, entry: LogEntry, behind?: Followed): string | undefined {
    if (this.#ahead.skips(socket.id, entry.position)) return undefined;
    const plain = this.#deliveryOf(entry, entry.position);
    const { x, p, n = '', u, t } = plain.header;
    const rooms = this.#parts.sids.get(socket.id);
    if (x?.some((room) => rooms?.has(room) === true) === true) return undefined;
    if (behind !== undefined) {
      if (p === 'd' || u === this.#parts.node.options.uid) return undefined;
      if (p === 'l' && comparePositions(entry.position, behind.latest?.get(n) ?? origin) < 0)
        return undefined;
    }
    const told = this.#parts.node.tracing.missed(plain.header, socket);
    this.#write(socket, told === undefined ? plain : this.#deliveryOf(entry, entry.position, told));
    this.#observeDelivered(plain, 1);
    return t;
  }

  /** To sockets of this node alone. */
  emit(packet: Packet, opts: BroadcastOptions): void {
    const delivery = this.#deliveryHere(packet, opts);
    let recipients = 0;
    for (const socket of this.#select(opts)) {
      recipients += 1;
      this.#write(socket, delivery);
    }
    if (recipients > 0) this.#observeDelivered(delivery, recipients);
  }

  /** The same, each of them to answer through `ack`. Returns how many there are. */
  emitWithAck(packet: Packet, opts: BroadcastOptions, ack: (...args: unknown[]) => void): number {
    const id = nextAckId(this.#parts.nsp);
    packet.id = id;
    const delivery = this.#deliveryHere(packet, opts);
    let count = 0;
    for (const socket of this.#select(opts)) {
      count += 1;
      internalsOf(socket).acks.set(id, ack);
      this.#write(socket, delivery);
    }
    return count;
  }

  tellGap(socket: Socket, gap: { rooms: readonly string[]; from: Position; to: Position }): void {
    const packet = { type: PacketType.EVENT, nsp: this.#parts.nsp.name, data: ['sluice:gap', gap] };
    const delivery = this.#deliveryHere(packet, { rooms: new Set() });
    this.#write(socket, delivery);
    this.#observeDelivered(delivery, 1);
  }

  /** Undefined where its sending was not recorded, or nobody is there: a broadcast to several rooms is one hop. */
  #hop(room: string | undefined, { header }: Delivery, position: Position | undefined): Hop | undefined {
    if (header.t === undefined) return undefined;
    const { node, rooms, sids } = this.#parts;
    const members = room === undefined ? sids : rooms.get(room);
    if (members === undefined || members.size === 0) return undefined;
    if (position !== undefined && header.r !== undefined && !this.#isFirst(position)) return undefined;
    return node.tracing.hop(header.t, header.r ?? (room === undefined ? [] : [room]), position);
  }

  /** Of what comes once for each of several rooms. */
  #isFirst(position: Position): boolean {
    const { cursor, previousCursor } = this.#parts.node.lane;
    return cursor === position && previousCursor !== cursor;
  }

  #fanOut(
    room: string | undefined,
    delivery: Delivery,
    logged?: Logged,
    hop?: Hop,
    telling?: (traceparent: string) => Delivery,
  ): void {
    const { node, nsp, rooms, followed } = this.#parts;
    const { arrivals } = followed;
    const { r, x } = delivery.header;
    let recipients = 0;
    let told: Delivery | undefined;
    for (const id of this.#meant(room, r, logged)) {
      if (x?.some((other) => rooms.get(other)?.has(id) === true) === true) continue;
      if (room !== undefined && logged !== undefined && !arrivals.takes(id, room, r, logged.position))
        continue;
      const socket = nsp.sockets.get(id);
      if (socket === undefined || this.laggards.has(id)) continue;
      if (logged !== undefined && this.#ahead.has(id, logged.position)) continue;
      if (logged !== undefined && this.laggards.isOverBudget(internalsOf(socket).client.conn)) {
        node.options.onObserved({ kind: 'spilled', namespace: nsp.name });
        this.#serveFromLog(socket, logged);
        // It may not be told this offset before what has been said to it alone is heard, nor be given what may be from
        // before its join.
      } else if (
        logged !== undefined &&
        (followed.isOpening(id) || (room !== undefined && arrivals.isUnsure(id, room)))
      )
        this.#serveFromLog(socket, logged);
      else {
        recipients += 1;
        if (logged !== undefined && this.#ahead.size > 0) this.#ahead.remove(id);
        const traceparent = hop?.tell(socket);
        if (traceparent !== undefined) told ??= telling?.(traceparent);
        this.#write(socket, traceparent === undefined ? delivery : (told ?? delivery));
      }
    }
    hop?.end(recipients);
    if (recipients > 0) this.#observeDelivered(delivery, recipients, logged?.position);
  }

  /** @param position where it has just been logged, so that how late it is can be told */
  #observeDelivered({ event }: Delivery, recipients: number, position?: Position): void {
    const { node, nsp } = this.#parts;
    const lagMs =
      position === undefined ? undefined : Date.now() - Number(position.slice(0, position.indexOf('-')));
    node.options.onObserved({ kind: 'delivered', namespace: nsp.name, event, recipients, lagMs });
  }

  /**
   * A broadcast to several rooms comes once for each of them. The first gives it to the sockets of all: who joins or
   * leaves a room before the others have come must neither miss it nor hear it twice. What a room had before it was
   * heard is for those on their way into it.
   */
  #meant(
    room: string | undefined,
    among: readonly string[] | undefined,
    logged: Logged | undefined,
  ): Iterable<string> {
    const { rooms, sids, followed } = this.#parts;
    if (room === undefined) return sids.keys();
    const its = rooms.get(room) ?? [];
    if (among === undefined) return its;
    if (logged === undefined)
      return [...its].filter((id) => among.find((one) => rooms.get(one)?.has(id) === true) === room);
    if (this.#isFirst(logged.position)) return new Set(among.flatMap((one) => [...(rooms.get(one) ?? [])]));
    return [...its].filter((id) => !followed.arrivals.isSettled(id, room));
  }

  /** @param logged what is handed out now and is the first that it has not been given */
  #serveFromLog(socket: Socket, logged?: Logged): void {
    const { node, topicsOf, followed } = this.#parts;
    const after = new Map(topicsOf(socket.id).map(({ topic, last }) => [topic, last]));
    if (logged !== undefined) after.set(logged.followed.topic, logged.before);
    // Further than this node is, where it is ahead or has joined ahead.
    const given = this.#ahead.offsetOf(socket.id);
    if (given !== undefined) for (const [topic, last] of after) after.set(topic, laterOf(last, given));
    for (const { room, since = origin } of followed.arrivals.of(socket.id)) {
      const topic = followed.get(room)?.topic;
      if (topic !== undefined) after.set(topic, laterOf(after.get(topic) ?? origin, since));
    }
    const { cursor, previousCursor } = node.lane;
    const here = logged === undefined ? cursor : previousCursor;
    this.laggards.add(socket, after, laterOf(here, given ?? here));
    // What it is given from now on says how far it is.
    this.#ahead.remove(socket.id);
  }

  #write(socket: Socket, delivery: Delivery): void {
    const internals = internalsOf(socket);
    if (hearsOutgoing(internals)) {
      internals.notifyOutgoingListeners(delivery.packet as { data: unknown[] });
    }
    const { client, pid } = internals;
    const encoded = pid === undefined ? delivery.plain : this.#recoverable(socket, delivery);
    const { frame, options } = encoded;
    const { frames } = this.#parts.node;
    if (frame !== undefined && frames.write(client.conn, frame, options.volatile)) return;
    client.writeToEngine(encoded.chunks, options);
  }

  /** Past the log a client that is behind, or ahead of this node, must not be told this node's offset. */
  #recoverable(socket: Socket, delivery: Delivery): Encoded {
    const isOfNode = delivery.isLogged || (this.laggards.size === 0 && this.#ahead.size === 0);
    const offset = isOfNode
      ? undefined
      : (this.#ahead.offsetOf(socket.id) ?? this.laggards.offsetOf(socket.id));
    return offset === undefined ? delivery.recoverable : delivery.recoverableAt(offset);
  }

  *#select({ rooms, except }: BroadcastOptions): Generator<Socket> {
    const { nsp, sids, rooms: members } = this.#parts;
    const among =
      rooms.size === 0 ? sids.keys() : new Set([...rooms].flatMap((room) => [...(members.get(room) ?? [])]));
    const others = [...(except ?? [])];
    for (const id of among) {
      if (others.some((room) => members.get(room)?.has(id) === true)) continue;
      const socket = nsp.sockets.get(id);
      if (socket !== undefined) yield socket;
    }
  }

  #deliveryOf({ body, position }: LogEntry, offset: Position, traceparent?: string): Delivery {
    const { header, packet } = decodeEnvelope(body);
    return new Delivery(this.#parts.codec, header, packet, { position, offset, traceparent });
  }

  #deliveryHere(packet: Packet, { flags }: BroadcastOptions): Delivery {
    const { codec, node, nsp } = this.#parts;
    packet.nsp = nsp.name;
    const header: Header = flags?.compress === undefined ? {} : { c: flags.compress ? 1 : 0 };
    // A client that is asked for an answer takes no offset from the question.
    const offset = packet.id === undefined ? node.lane.cursor : undefined;
    const terms = { offset, volatile: flags?.volatile === true };
    return new Delivery(codec, header, codec.encode(packet), terms);
  }
}
