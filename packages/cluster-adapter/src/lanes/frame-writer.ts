import { hearsPackets, type EngineSocket } from './socket-io-internals.ts';

// What ws keeps to itself, and Engine.IO writes finished frames with too.
interface FrameSocket {
  readonly readyState: number;
  readonly _sender?: { readonly sendFrame?: unknown };
  readonly _socket?: Stream | null;
}

interface Stream {
  readonly writableLength: number;
  [lastWritten]?: number;
  cork(): void;
  uncork(): void;
  write(frame: Buffer): boolean;
}

const open = 1;
/** On a stream: the tick in which it was last given something. Cheaper, for each frame, than a place in a map. */
const lastWritten = Symbol('lastWritten');

/**
 * Writes finished frames straight to WebSockets that have nothing queued. Of what one is given in one tick the first goes
 * out at once, and the rest in one write. Everything else is left to Engine.IO, and keeps its place: what is written here
 * comes before what is queued later.
 */
export class FrameWriter {
  #tick = 0;
  #endsTick = false;
  /** Those that have more than one frame in this tick: it waits for its end. */
  readonly #corked = new Set<Stream>();
  readonly #endTick = (): void => {
    this.#tick += 1;
    this.#endsTick = false;
    if (this.#corked.size === 0) return;
    for (const stream of this.#corked) stream.uncork();
    this.#corked.clear();
  };

  /**
   * Returns false where the frame has to go Engine.IO's way. One that is `volatile` is left out where this tick has brought
   * something already: Engine.IO, too, takes one packet at a time.
   */
  write(conn: EngineSocket, frame: Buffer, volatile = false): boolean {
    const stream = streamOf(conn);
    if (stream === undefined) return false;
    if (stream[lastWritten] !== this.#tick) {
      if (stream.writableLength > 0) return false;
      stream[lastWritten] = this.#tick;
      this.#endTickLater();
    } else if (volatile) return true;
    else if (!this.#corked.has(stream)) {
      if (stream.writableLength > 0) return false;
      stream.cork();
      this.#corked.add(stream);
    }
    stream.write(frame);
    return true;
  }

  #endTickLater(): void {
    if (this.#endsTick) return;
    this.#endsTick = true;
    process.nextTick(this.#endTick);
  }
}

/** The connection's stream, where nothing stands between a frame and it. */
function streamOf(conn: EngineSocket): Stream | undefined {
  const { transport } = conn;
  // Who listens to each packet is to see each packet.
  if (conn.readyState !== 'open' || conn.writeBuffer.length > 0 || hearsPackets(conn)) return undefined;
  if (transport.name !== 'websocket' || !transport.writable || Boolean(transport.perMessageDeflate))
    return undefined;
  const socket = transport.socket as FrameSocket | undefined;
  if (socket?.readyState !== open) return undefined;
  const { _sender: sender, _socket: stream } = socket;
  return typeof sender?.sendFrame === 'function' && stream !== null ? stream : undefined;
}
