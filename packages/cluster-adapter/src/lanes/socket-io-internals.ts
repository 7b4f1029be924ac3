import type { Namespace, Socket } from 'socket.io';
import type { Packet } from 'socket.io-parser';

/**
 * What socket.io 4.8 and engine.io 6.6 do not declare and an adapter cannot do without. The suite runs against the
 * versions in package.json; nothing else in this package reaches past their types.
 */
export interface EngineSocket {
  readonly readyState: string;
  readonly writeBuffer: readonly { readonly data?: string | Buffer }[];
  readonly transport: {
    readonly name: string;
    readonly writable: boolean;
    /** What is negotiated for a WebSocket, if anything. */
    readonly perMessageDeflate?: unknown;
    readonly socket?: { readonly bufferedAmount?: number; readonly terminate?: () => void };
    once(event: 'drain', listener: () => void): void;
    off(event: 'drain', listener: () => void): void;
  };
  /** `true`: at once, without waiting for what is queued. */
  close(discard?: boolean): void;
  once(event: 'drain' | 'close', listener: () => void): void;
  off(event: 'drain' | 'close', listener: () => void): void;
}

export interface WriteOptions {
  readonly preEncoded: true;
  readonly volatile?: boolean | undefined;
  readonly compress?: boolean | undefined;
  /** The finished WebSocket frame, which Engine.IO writes as it is where no compression is negotiated. */
  readonly wsPreEncodedFrame?: unknown;
}

interface SocketInternals {
  id: string;
  pid: string | undefined;
  recovered: boolean;
  readonly acks: Map<number, (...args: unknown[]) => void>;
  readonly client: {
    /** Runs out on a connection that never says who it is. */
    connectTimeout: NodeJS.Timeout | undefined;
    readonly conn: EngineSocket;
    writeToEngine(packets: readonly (string | Buffer)[], options: WriteOptions): void;
  };
  notifyOutgoingListeners(packet: { readonly data: readonly unknown[] }): void;
  listenersAnyOutgoing(): readonly unknown[];
}

/** Cheap: the list that Socket.IO's own method hands out, or a new empty one, is not made for each event. */
export function hearsOutgoing(socket: SocketInternals): boolean {
  const { [anyOutgoing]: listeners } = socket as unknown as { [anyOutgoing]?: readonly unknown[] };
  return listeners !== undefined && listeners.length > 0;
}
const anyOutgoing = '_anyOutgoingListeners';

/** True where somebody listens to each packet. Node's own `listenerCount` costs ten times as much, for each frame. */
export function hearsPackets(conn: EngineSocket): boolean {
  const { [emitterEvents]: events } = conn as unknown as { [emitterEvents]?: Record<string, unknown> };
  return events?.['packetCreate'] !== undefined;
}
const emitterEvents = '_events';

export function internalsOf(socket: Socket): SocketInternals {
  return socket as unknown as SocketInternals;
}

/** Makes `socket` go on under the names of an earlier one. Only before it is connected. */
export function rename(
  socket: Socket,
  names: { readonly sid: string; readonly pid: string | undefined },
): void {
  const { nsp } = socket;
  const { _preConnectSockets: waiting } = nsp as unknown as { _preConnectSockets?: Map<string, Socket> };
  const isWaiting = waiting?.delete(socket.id) ?? false;
  const internals = internalsOf(socket);
  internals.id = names.sid;
  internals.pid = names.pid;
  if (isWaiting) waiting?.set(names.sid, socket);
}

type Middlewares = (socket: Socket, done: (error?: Error | null) => void) => void;

/** Runs `admit` for each socket that every middleware has accepted, before it is connected. Returns what undoes it. */
export function afterMiddlewares(namespace: Namespace, admit: (socket: Socket) => Promise<void>): () => void {
  const target = namespace as unknown as { run: Middlewares };
  const run = target.run;
  const passed = (socket: Socket): Promise<void> =>
    new Promise((resolve, reject) => {
      run.call(namespace, socket, (error) => (error ? reject(error) : resolve()));
    });
  target.run = (socket, done) => {
    passed(socket)
      .then(() => admit(socket))
      .then(() => done(null), done);
  };
  return () => {
    target.run = run;
  };
}

interface ServerInternals {
  readonly encoder: { encode(packet: Packet): (string | Buffer)[] };
  readonly opts: {
    readonly connectionStateRecovery?: { maxDisconnectionDuration?: number; skipMiddlewares?: boolean };
    readonly pingInterval?: number;
    readonly pingTimeout?: number;
    readonly parser?: { readonly Decoder: new () => PacketDecoder };
  };
}

export interface PacketDecoder {
  on(event: 'decoded', listener: (packet: Packet) => void): unknown;
  add(chunk: string | Buffer): void;
}

export function serverOf(namespace: Namespace): ServerInternals {
  return namespace.server as unknown as ServerInternals;
}

/** What a broadcast with acknowledgements numbers its packet with. */
export function nextAckId(namespace: Namespace): number {
  const { [ackIds]: id } = namespace as unknown as { [ackIds]: number };
  (namespace as unknown as { [ackIds]: number })[ackIds] = id + 1;
  return id;
}
const ackIds = '_ids';

/** Calls the listeners of `serverSideEmit` on this node. */
export function emitServerSide(namespace: Namespace, args: readonly unknown[]): void {
  (namespace as unknown as { [onServerSideEmit]: (args: readonly unknown[]) => void })[onServerSideEmit](
    args,
  );
}
const onServerSideEmit = '_onServerSideEmit';

/** Ends a connection without waiting for a reader. */
export function drop(socket: Socket): void {
  const { conn } = internalsOf(socket).client;
  conn.transport.socket?.terminate?.();
  conn.close(true);
}

/** Bytes (of text: UTF-16 units) that wait for a connection's reader in this process. */
export function queuedBytes({ writeBuffer, transport }: EngineSocket): number {
  let bytes = transport.socket?.bufferedAmount ?? 0;
  for (const { data } of writeBuffer) bytes += data?.length ?? 0;
  return bytes;
}
