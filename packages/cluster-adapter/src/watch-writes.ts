import type { Socket } from 'socket.io';
import type { Adapter, BroadcastOptions } from 'socket.io-adapter';
import type { Packet } from 'socket.io-parser';
import type { EventTracing, Hop } from './event-tracing.ts';
import type { AdapterObservation } from './lanes/lanes-options.ts';
import { internalsOf, type WriteOptions } from './lanes/socket-io-internals.ts';

type Encoded = readonly (string | Buffer)[];

const encoding = '_encode';

/** What socket.io-adapter 2.5 keeps to itself. Its broadcasts encode and hand out at once in `apply`; nothing else encodes. */
interface AdapterInternals {
  [encoding](packet: Packet, options: WriteOptions): Encoded;
  apply(options: BroadcastOptions, callback: (socket: Socket) => void): void;
  onMessage(message: ClusterMessage, offset?: string): void;
}

/** As far as `broadcastJson` adds to it. */
interface ClusterMessage {
  readonly data?: { readonly traceparent?: string };
}

/** An event that has been encoded, and that its sockets are about to be given. */
interface Write {
  readonly packet: Packet;
  readonly options: WriteOptions;
}

/**
 * Tells what an official adapter writes to its sockets, and records what it does with a publication whose sender was recorded.
 * Clients that want to be told the context of an event get it within the one write that they would get anyway: once, in its
 * place in the order, with its offset.
 */
export function watchWrites(
  adapter: Adapter,
  tracing: EventTracing,
  onObserved: (observation: AdapterObservation) => void,
): void {
  const internals = adapter as unknown as AdapterInternals;
  const encode = internals[encoding].bind(adapter);
  const apply = internals.apply.bind(adapter);
  const onMessage = internals.onMessage.bind(adapter);
  const namespace = adapter.nsp.name;
  let sender: string | undefined;
  let write: Write | undefined;

  internals.onMessage = (message, offset) => {
    sender = message.data?.traceparent;
    try {
      onMessage(message, offset);
    } finally {
      sender = undefined;
    }
  };

  internals[encoding] = (packet, options) => {
    const encoded = encode(packet, options);
    write = { packet, options };
    return encoded;
  };

  internals.apply = (options, callback) => {
    if (write === undefined) {
      apply(options, callback);
      return;
    }
    const { packet, options: writeOptions } = write;
    const hop = sender === undefined ? undefined : hopOf(sender, packet, options);
    // What a listener of outgoing packets broadcasts is an event of its own.
    sender = write = undefined;
    let recipients = 0;
    let tell: ((socket: Socket) => void) | undefined;
    apply(options, (socket) => {
      recipients += 1;
      const traceparent = hop?.tell(socket);
      if (traceparent === undefined) callback(socket);
      else (tell ??= writerOf(withTraceparent(packet, traceparent), writeOptions))(socket);
    });
    hop?.end(recipients);
    if (recipients === 0) return;
    const [event] = packet.data as [string];
    onObserved({ kind: 'delivered', namespace, event, recipients, lagMs: undefined });
  };

  /** Undefined where nobody is there: over a stream, every node hears of every room. */
  function hopOf(traceparent: string, packet: Packet, options: BroadcastOptions): Hop | undefined {
    const rooms = [...options.rooms];
    if (!rooms.some((room) => adapter.rooms.has(room))) return undefined;
    const [, { id }] = packet.data as [string, { id: string }];
    return tracing.hop(traceparent, rooms, id);
  }

  /** Writes `packet` as the adapter writes one. */
  function writerOf(packet: Packet, options: WriteOptions): (socket: Socket) => void {
    const own = { ...options, wsPreEncodedFrame: undefined };
    const encoded = encode(packet, own);
    return (socket) => {
      const its = internalsOf(socket);
      its.notifyOutgoingListeners(packet as { data: unknown[] });
      its.client.writeToEngine(encoded, own);
    };
  }
}

function withTraceparent(packet: Packet, traceparent: string): Packet {
  const [event, message, ...offset] = packet.data as [string, object, ...unknown[]];
  return { ...packet, data: [event, { ...message, traceparent }, ...offset] };
}
