import * as ws from 'ws';
import type { Packet } from 'socket.io-parser';
import type { Position } from '../log/cluster-log.ts';
import type { Envelope, Header } from './envelope.ts';
import type { Chunks, PacketCodec } from './packet-codec.ts';
import type { WriteOptions } from './socket-io-internals.ts';

export interface Encoded {
  readonly chunks: Chunks;
  readonly options: WriteOptions;
}

export interface DeliveryTerms {
  /** Where it is logged; absent for what goes past the log. */
  readonly position?: Position;
  /** What a client that has received it is to name when it comes back. */
  readonly offset: Position | undefined;
  /** True where a connection that is not writable at once may go without. */
  readonly volatile?: boolean;
}

const { frame } = (ws as unknown as { Sender: { frame: (data: Buffer, options: object) => unknown } }).Sender;
const textFrame = { readOnly: false, mask: false, rsv1: false, opcode: 1, fin: true };

/** One event on its way to this node's sockets: decoded, encoded and framed once, and only as far as somebody needs it. */
export class Delivery {
  readonly header: Header;
  readonly isLogged: boolean;
  readonly #codec: PacketCodec;
  readonly #chunks: Chunks;
  readonly #offset: Position | undefined;
  readonly #volatile: boolean;
  #plain: Encoded | undefined;
  #recoverable: Encoded | undefined;
  #packet: Packet | undefined;

  constructor(codec: PacketCodec, { header, chunks }: Envelope, terms: DeliveryTerms) {
    const { position, offset, volatile = false } = terms;
    this.header = header;
    this.isLogged = position !== undefined;
    this.#codec = codec;
    this.#chunks = position === undefined ? chunks : stamped(chunks, header, position);
    this.#volatile = volatile;
    // Past the log a client is told its offset only where it would take another string for it.
    this.#offset = position !== undefined || endsWithString(codec, chunks) ? offset : undefined;
  }

  /** For listeners of outgoing packets: without the offset. */
  get packet(): Packet {
    this.#packet ??= this.#codec.decode(this.#chunks);
    return this.#packet;
  }

  /** For clients that do not recover. */
  get plain(): Encoded {
    this.#plain ??= this.#finish(this.#chunks);
    return this.#plain;
  }

  /** For clients that do: with the offset as one more argument. */
  get recoverable(): Encoded {
    if (this.#offset === undefined) return this.plain;
    this.#recoverable ??= this.#finish(this.#withOffset(this.#offset));
    return this.#recoverable;
  }

  /** The same for a client that has been given everything up to `offset` alone. */
  recoverableAt(offset: Position): Encoded {
    return this.#offset === undefined ? this.plain : this.#finish(this.#withOffset(offset));
  }

  #withOffset(offset: Position): Chunks {
    const [text, ...attachments] = this.#chunks;
    if (this.#codec.isText && typeof text === 'string')
      return [`${text.slice(0, -1)},"${offset}"]`, ...attachments];
    const packet = this.#codec.decode(this.#chunks);
    return this.#codec.encode({ ...packet, data: [...(packet.data as unknown[]), offset] });
  }

  #finish(chunks: Chunks): Encoded {
    const [text] = chunks;
    const { c } = this.header;
    return {
      chunks,
      options: {
        preEncoded: true,
        ...(this.#volatile && { volatile: true }),
        ...(c !== undefined && { compress: c === 1 }),
        // "4" is a message in the Engine.IO protocol.
        ...(chunks.length === 1 &&
          typeof text === 'string' && { wsPreEncodedFrame: frame(Buffer.from(`4${text}`), textFrame) }),
      },
    };
  }
}

/** With the position where the publisher left room for it. */
function stamped(chunks: Chunks, { s: at }: Header, position: Position): Chunks {
  const [text, ...attachments] = chunks;
  if (at === undefined || typeof text !== 'string') return chunks;
  const stamp = `"id":"${position}","sentAt":${position.slice(0, position.indexOf('-'))}`;
  const comma = text[at] === '}' ? '' : ',';
  return [`${text.slice(0, at)}${stamp}${comma}${text.slice(at)}`, ...attachments];
}

/** An event without arguments ends with its name, which socket.io-client takes for an offset too. */
function endsWithString(codec: PacketCodec, chunks: Chunks): boolean {
  const [text] = chunks;
  if (codec.isText && typeof text === 'string') return text.endsWith('"]');
  const { data } = codec.decode(chunks) as { data: readonly unknown[] };
  return typeof data.at(-1) === 'string';
}
