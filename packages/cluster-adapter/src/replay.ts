import type { Socket } from 'socket.io';
import type { Adapter, Session } from 'socket.io-adapter';
import { comparePositions } from './position.ts';
import type { Capture, ClientEntry, StreamTap } from './stream-tap.ts';

// A symbol, so that it stays with the socket's data in this process and in no encoding of it.
const held = Symbol('held for replay');
// As Socket.IO makes them (base64id). A pid comes from the client and becomes part of a key.
const sessionId = /^[\w-]{1,64}$/;
const streamId = /^\d{1,15}-\d{1,15}$/;

/** Kept in a session's data: only an offset beyond it was given out by that session. */
interface Begun {
  recoverAfter?: string;
}

/** An event's name and arguments, the last of which is its offset. */
type Packet = readonly unknown[];

interface Held {
  readonly missed: readonly Packet[];
  readonly capture: Capture;
  /** The packet of an entry delivered since, where it was meant for the session's rooms. */
  readonly packetOf: (entry: ClientEntry) => Packet | undefined;
}

type Holder = Record<symbol, Held | undefined>;

interface Broadcast {
  readonly data?: {
    readonly packet: { readonly data: Packet };
    readonly opts: { readonly rooms: readonly string[]; readonly except: readonly string[] };
  };
}

/** The type number of a broadcast (MessageType.BROADCAST of socket.io-adapter). */
const broadcast = '3';

/**
 * Makes recovery over the streams adapter exact, and subject to the middlewares. Left to itself the adapter hands over
 * what was missed up to the end of the stream; Socket.IO writes that in the socket's constructor, before any middleware
 * has spoken, and registers the socket once they have. What arrives between is lost, and what the stream's end was ahead
 * of this node comes twice. Here it is held on the session until {@link replayMissed}. Events named in `ephemeral` are
 * not replayed.
 */
export function holdMissedPackets(adapter: Adapter, tap: StreamTap, ephemeral: ReadonlySet<string>): void {
  const restore = adapter.restoreSession.bind(adapter);
  // The streams adapter's own decoding, JSON or binary.
  const { decode } = adapter.constructor as unknown as {
    decode(this: void, message: ClientEntry['message']): Broadcast;
  };
  const namespace = adapter.nsp.name;

  adapter.restoreSession = async (pid, offset) => {
    if (!sessionId.test(pid) || !streamId.test(offset)) return null as unknown as Session;
    // A client that was on a faster node would hear again what this one has yet to deliver.
    if (!(await tap.reaches(offset))) return null as unknown as Session;
    // Begun before the stream is read, so that the two overlap.
    const capture = tap.capture();
    let session: Session | null = null;
    try {
      // Missing where nothing can be restored, whatever the declared type says.
      session = (await restore(pid, offset)) as Session | null;
    } finally {
      if (session === null) capture.end();
    }
    if (session === null) return null as unknown as Session;
    const data: object = session.data ?? {};
    const { recoverAfter = '0-0' } = data as Begun;
    if (comparePositions(offset, recoverAfter) <= 0) {
      // The offset of an earlier session, beside the name of a later one that was cut off before it gave any out.
      capture.end();
      return null as unknown as Session;
    }
    const rooms = new Set<string>(session.rooms);
    (data as Holder)[held] = {
      missed: session.missedPackets.filter(([event]) => !ephemeral.has(event as string)),
      capture,
      packetOf(entry) {
        if (entry.message['nsp'] !== namespace || entry.message['type'] !== broadcast) return undefined;
        const { packet, opts } = decode(entry.message).data ?? {};
        if (packet === undefined || opts === undefined || ephemeral.has(packet.data[0] as string))
          return undefined;
        const meant = opts.rooms.length === 0 || opts.rooms.some((room) => rooms.has(room));
        return meant && !opts.except.some((room) => rooms.has(room)) ? [...packet.data, entry.id] : undefined;
      },
    };
    return { ...session, data, missedPackets: [] };
  };
}

/** A session that begins here gives out offsets of what is delivered from now on. */
function begin(socket: Socket, tap: StreamTap): void {
  const { offset } = socket.handshake.auth as { offset?: unknown };
  const brought = typeof offset === 'string' && streamId.test(offset) ? offset : '0-0';
  const recoverAfter = comparePositions(brought, tap.position) > 0 ? brought : tap.position;
  (socket.data as Begun).recoverAfter = recoverAfter;
}

/**
 * Writes what was held for `socket`, once: all it missed up to the last entry that this node has delivered, since what
 * comes after reaches the registered socket by itself. Call it in the tick in which the socket is registered.
 */
export function replayMissed(socket: Socket, tap: StreamTap): void {
  const holder = socket.data as Holder;
  const replay = holder[held];
  if (replay === undefined) {
    begin(socket, tap);
    return;
  }
  delete holder[held];
  const { missed, capture, packetOf } = replay;
  capture.end();
  if (!capture.whole) {
    // It was told that it has recovered, and has not: the client comes back and gets a fresh session.
    socket.conn.close();
    return;
  }
  const sent = new Set<unknown>();
  const write = (packet: Packet): void => {
    const [event, ...args] = packet;
    const offset = args.at(-1);
    if (sent.has(offset)) return;
    sent.add(offset);
    // `local`: for this socket, which is here; nobody else may store or hear it again.
    socket.nsp.local.to(socket.id).emit(event as string, ...args);
  };
  for (const packet of missed)
    if (comparePositions(packet.at(-1) as string, tap.position) <= 0) write(packet);
  for (const entry of capture.entries) {
    const packet = packetOf(entry);
    if (packet !== undefined) write(packet);
  }
}
