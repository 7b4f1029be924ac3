import type { Packet } from 'socket.io-parser';
import type { ClusterLog, LogPublication, LogReceipt, Topic } from '../log/cluster-log.ts';
import { encodeEnvelope, type Header } from './envelope.ts';
import type { EventPolicy, LanesOptions } from './lanes-options.ts';
import type { Chunks, PacketEncoding } from './packet-codec.ts';
import { namespaceTopic, roomTopic } from './topic.ts';

export interface RoomPublication {
  /** None: everybody in the namespace. */
  readonly rooms: readonly string[];
  readonly except?: readonly string[] | undefined;
  readonly packet: Packet;
  readonly compress?: boolean | undefined;
  readonly retention?: LogPublication['retention'];
  readonly idempotency?: LogPublication['idempotency'];
  /** True where `id` and `sentAt` are to be added at the head of the event's first argument, an object. */
  readonly stamp?: boolean;
}

/** An event as it is published. */
export interface Envelope {
  readonly header: Header;
  readonly chunks: Chunks;
}

export type PublishingOptions = Pick<LanesOptions, 'retention' | 'policies'>;

/** What is published to one namespace, by a node or by a process without sockets. */
export class Publishing {
  readonly #namespace: string;
  readonly #log: Pick<ClusterLog, 'publish' | 'send'>;
  readonly #codec: PacketEncoding;
  readonly #options: PublishingOptions;

  constructor(
    namespace: string,
    log: Pick<ClusterLog, 'publish' | 'send'>,
    codec: PacketEncoding,
    options: PublishingOptions,
  ) {
    this.#namespace = namespace;
    this.#log = log;
    this.#codec = codec;
    this.#options = options;
  }

  /** @param traceparent of its sending, where that is recorded */
  encode(
    { rooms, except, packet, compress, stamp = false }: RoomPublication,
    traceparent?: string,
  ): Envelope {
    packet.nsp = this.#namespace;
    const chunks = this.#codec.encode(packet);
    const [text] = chunks;
    const policy = this.#policyOf(packet);
    const isStamped = stamp && typeof text === 'string';
    // Always of one shape; what is undefined is not written.
    const header: Header = {
      r: rooms.length > 1 ? rooms : undefined,
      x: except !== undefined && except.length > 0 ? except : undefined,
      // The first object of an event whose name holds no brace: an event's name comes first.
      s: isStamped ? Buffer.byteLength(text.slice(0, text.indexOf('{') + 1)) : undefined,
      c: compress === undefined ? undefined : compress ? 1 : 0,
      p: policy === 'droppable' ? 'd' : policy === 'latest' ? 'l' : undefined,
      n: policy === 'latest' ? String((packet.data as unknown[])[0]) : undefined,
      t: traceparent,
    };
    return { header, chunks };
  }

  /** Logs and delivers what `encode` gave. Rejects as the log's `publish` does. */
  publish(
    { rooms, retention, idempotency }: RoomPublication,
    { header, chunks }: Envelope,
  ): Promise<LogReceipt> {
    return this.#log.publish({
      topics: this.#topicsOf(rooms),
      body: encodeEnvelope(header, chunks),
      retention: retention ?? this.#options.retention(this.#namespace, rooms[0]),
      idempotency,
    });
  }

  /** Past the log: to those who are there, or nobody. */
  async send({ rooms }: RoomPublication, { header, chunks }: Envelope): Promise<void> {
    const body = encodeEnvelope(header, chunks);
    await Promise.all(this.#topicsOf(rooms).map((topic) => this.#log.send(topic, body)));
  }

  #policyOf({ data }: Packet): EventPolicy | undefined {
    const [event] = data as readonly unknown[];
    return typeof event === 'string' ? this.#options.policies[event] : undefined;
  }

  #topicsOf(rooms: readonly string[]): [Topic, ...Topic[]] {
    const [first, ...others] = rooms;
    if (first === undefined) return [namespaceTopic(this.#namespace)];
    return [roomTopic(this.#namespace, first), ...others.map((room) => roomTopic(this.#namespace, room))];
  }
}
