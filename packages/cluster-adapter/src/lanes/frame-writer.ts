import type { EngineSocket } from './socket-io-internals.ts';

// What ws keeps to itself, and Engine.IO writes finished frames with too.
interface FrameSocket {
  readonly readyState: number;
  readonly _sender?: { readonly sendFrame?: unknown };
  readonly _socket?: Stream | null;
}

interface Stream {
  readonly writableLength: number;
  cork(): void;
  uncork(): void;
  write(frame: Buffer): boolean;
}

const open = 1;

/**
 * Writes finished frames straight to WebSockets that have nothing queued. Of what one is given in one tick the first goes
 * out at once, and the rest in one write. Everything else is left to Engine.IO, and keeps its place: what is written here
 * comes before what is queued later.
 */
export class FrameWriter {
  /** Those that have been given something in this tick, and whether more of it waits for its end. */
  readonly #written = new Map<Stream, boolean>();
  readonly #endTick = (): void => {
    for (const [stream, isCorked] of this.#written) if (isCorked) stream.uncork();
    this.#written.clear();
  };

  /**
   * Returns false where the frame has to go Engine.IO's way. One that is `volatile` is left out where this tick has brought
   * something already: Engine.IO, too, takes one packet at a time.
   */
  write(conn: EngineSocket, frame: Buffer, volatile = false): boolean {
    const stream = streamOf(conn);
    if (stream === undefined) return false;
    const isCorked = this.#written.get(stream);
    if (isCorked !== undefined && volatile) return true;
    if (isCorked !== true) {
      if (stream.writableLength > 0) return false;
      if (this.#written.size === 0) process.nextTick(this.#endTick);
      this.#written.set(stream, isCorked === false);
      if (isCorked === false) stream.cork();
    }
    stream.write(frame);
    return true;
  }
}

/** The connection's stream, where nothing stands between a frame and it. */
function streamOf(conn: EngineSocket): Stream | undefined {
  const { transport } = conn;
  // Who listens to each packet is to see each packet.
  if (conn.readyState !== 'open' || conn.writeBuffer.length > 0 || conn.listenerCount('packetCreate') > 0)
    return undefined;
  if (transport.name !== 'websocket' || !transport.writable || Boolean(transport.perMessageDeflate))
    return undefined;
  const socket = transport.socket as FrameSocket | undefined;
  if (socket?.readyState !== open) return undefined;
  const { _sender: sender, _socket: stream } = socket;
  return typeof sender?.sendFrame === 'function' && stream !== null ? stream : undefined;
}
