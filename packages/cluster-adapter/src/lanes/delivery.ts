import type { Packet } from 'socket.io-parser';
import type { Position } from '../log/cluster-log.ts';
import type { EncodedPacket, Header } from './envelope.ts';
import { chunksOf, type Chunks, type PacketCodec } from './packet-codec.ts';
import type { WriteOptions } from './socket-io-internals.ts';
import { textFrame, textOfFrame } from './text-frame.ts';

/** What is written to a connection, in the ways in which it can be. */
export interface Encoded {
  /** The whole WebSocket frame, where it is one text. */
  readonly frame: Buffer | undefined;
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
  /** For clients that want to be told it. */
  readonly traceparent?: string | undefined;
}

const closingBrace = 0x7d;
// Of a packet's text, to find its event in: what is longer counts as nameless.
const longestHead = 128;
const endOfText = Buffer.from('"]');

/** One event on its way to this node's sockets: framed once, and decoded only where somebody needs it. */
export class Delivery {
  readonly header: Header;
  readonly isLogged: boolean;
  readonly #codec: PacketCodec;
  readonly #packet: EncodedPacket;
  readonly #offset: Position | undefined;
  readonly #volatile: boolean;
  #plain: Encoded | undefined;
  #recoverable: Encoded | undefined;
  #decoded: Packet | undefined;

  constructor(codec: PacketCodec, header: Header, packet: EncodedPacket, terms: DeliveryTerms) {
    const { position, offset, volatile = false, traceparent } = terms;
    this.header = header;
    this.isLogged = position !== undefined;
    this.#codec = codec;
    this.#packet = stamped(packet, header, stampOf(position, traceparent));
    this.#volatile = volatile;
    // Past the log a client is told its offset only where it would take another string for it.
    this.#offset = position !== undefined || endsWithString(codec, packet) ? offset : undefined;
  }

  /** For listeners of outgoing packets: without the offset. */
  get packet(): Packet {
    this.#decoded ??= this.#codec.decode(chunksOf(this.#packet));
    return this.#decoded;
  }

  /** Empty where it is not written as JSON. */
  get event(): string {
    return this.#codec.isText ? eventOf(this.#packet) : '';
  }

  /** For clients that do not recover. */
  get plain(): Encoded {
    this.#plain ??= this.#finish(this.#packet);
    return this.#plain;
  }

  /** For clients that do: with the offset as one more argument. */
  get recoverable(): Encoded {
    if (this.#offset === undefined) return this.plain;
    this.#recoverable ??= this.recoverableAt(this.#offset);
    return this.#recoverable;
  }

  /** The same for a client that has been given everything up to `offset` alone. */
  recoverableAt(offset: Position): Encoded {
    return this.#offset === undefined ? this.plain : this.#withOffset(offset);
  }

  #withOffset(offset: Position): Encoded {
    const codec = this.#codec;
    if (!codec.isText) {
      const packet = codec.decode(chunksOf(this.#packet));
      return this.#finish(codec.encode({ ...packet, data: [...(packet.data as unknown[]), offset] }));
    }
    const end = `,"${offset}"]`;
    if (Buffer.isBuffer(this.#packet)) {
      return this.#framed(textFrame(this.#packet, this.#packet.length - 1, end));
    }
    const [text = '', ...attachments] = this.#packet;
    return this.#finish([`${String(text).slice(0, -1)}${end}`, ...attachments]);
  }

  #finish(packet: EncodedPacket): Encoded {
    if (Buffer.isBuffer(packet)) return this.#framed(textFrame(packet));
    const [text] = packet;
    if (packet.length === 1 && typeof text === 'string') return this.#framed(textFrame(Buffer.from(text)));
    return { frame: undefined, chunks: packet, options: this.#options() };
  }

  #framed(frame: Buffer): Encoded {
    return new Framed(frame, this.#options([frame]));
  }

  #options(wsPreEncodedFrame?: readonly Buffer[]): WriteOptions {
    const { c } = this.header;
    const compress = c === undefined ? undefined : c === 1;
    return { preEncoded: true, volatile: this.#volatile, compress, wsPreEncodedFrame };
  }
}

class Framed implements Encoded {
  readonly frame: Buffer;
  readonly options: WriteOptions;
  #chunks: Chunks | undefined;

  constructor(frame: Buffer, options: WriteOptions) {
    this.frame = frame;
    this.options = options;
  }

  /** Wanted only by connections that the frame cannot be handed to as it is. */
  get chunks(): Chunks {
    return (this.#chunks ??= [textOfFrame(this.frame)]);
  }
}

function stampOf(position: Position | undefined, traceparent: string | undefined): string {
  const trace = traceparent === undefined ? '' : `"traceparent":"${traceparent}"`;
  if (position === undefined) return trace;
  const stamp = `"id":"${position}","sentAt":${position.slice(0, position.indexOf('-'))}`;
  return trace === '' ? stamp : `${trace},${stamp}`;
}

/** With more fields where the publisher left room for them. */
function stamped(packet: EncodedPacket, { s: at }: Header, stamp: string): EncodedPacket {
  if (at === undefined || stamp === '') return packet;
  if (!Buffer.isBuffer(packet)) {
    const [text, ...attachments] = packet;
    if (typeof text !== 'string') return packet;
    return [String(stamped(Buffer.from(text), { s: at }, stamp)), ...attachments];
  }
  const comma = packet[at] === closingBrace ? '' : ',';
  return Buffer.concat([packet.subarray(0, at), Buffer.from(stamp + comma), packet.subarray(at)]);
}

/** The name comes first: `2["name",…`, after the namespace and the number of attachments where there are any. */
function eventOf(packet: EncodedPacket): string {
  const head = Buffer.isBuffer(packet) ? packet.toString('latin1', 0, longestHead) : String(packet[0]);
  const from = head.indexOf('["') + 2;
  return from < 2 ? '' : head.slice(from, Math.max(from, head.indexOf('"', from)));
}

/** An event without arguments ends with its name, which socket.io-client takes for an offset too. */
function endsWithString(codec: PacketCodec, packet: EncodedPacket): boolean {
  if (codec.isText && Buffer.isBuffer(packet)) return packet.subarray(-2).equals(endOfText);
  const [text] = chunksOf(packet);
  if (codec.isText && typeof text === 'string') return text.endsWith('"]');
  const { data } = codec.decode(chunksOf(packet)) as { data: readonly unknown[] };
  return typeof data.at(-1) === 'string';
}
