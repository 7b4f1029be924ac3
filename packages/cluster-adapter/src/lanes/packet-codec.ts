import { PacketType, Decoder, type Packet } from 'socket.io-parser';
import type { Namespace } from 'socket.io';
import type { EncodedPacket } from './envelope.ts';
import { serverOf, type PacketDecoder } from './socket-io-internals.ts';

export type Chunks = readonly (string | Buffer)[];

export function chunksOf(packet: EncodedPacket): Chunks {
  return Buffer.isBuffer(packet) ? [packet.toString()] : packet;
}

/** Writes packets as a server's parser does. */
export interface PacketEncoding {
  encode(packet: Packet): (string | Buffer)[];
}

/** A server's own way of writing packets, whichever parser it was given. */
export class PacketCodec implements PacketEncoding {
  readonly #encode: (packet: Packet) => (string | Buffer)[];
  readonly #newDecoder: () => PacketDecoder;
  /** True where an event is JSON text that ends with its arguments, so that one more can be spliced in. */
  readonly isText: boolean;

  constructor(namespace: Namespace) {
    const { encoder, opts } = serverOf(namespace);
    this.#encode = (packet) => encoder.encode(packet);
    const Parser = opts.parser?.Decoder ?? Decoder;
    this.#newDecoder = () => new Parser();
    // By what it does, since a parser may wrap another.
    const [probe, ...rest] = this.#encode({ type: PacketType.EVENT, nsp: '/', data: ['a', 1] });
    this.isText = rest.length === 0 && probe === '2["a",1]';
  }

  encode(packet: Packet): (string | Buffer)[] {
    return this.#encode(packet);
  }

  decode(chunks: Chunks): Packet {
    let decoded: Packet | undefined;
    const decoder = this.#newDecoder();
    decoder.on('decoded', (packet) => {
      decoded = packet;
    });
    for (const chunk of chunks) decoder.add(chunk);
    if (decoded === undefined) throw new SyntaxError('not a packet');
    return decoded;
  }
}
