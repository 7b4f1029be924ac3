import { putAttachments, takeAttachments } from './attachments.ts';
import { ClientError } from './errors.ts';

/** A packet of Socket.IO's protocol, revision 5 (https://socket.io/docs/v4/socket-io-protocol/). */
export type Packet =
  | { readonly kind: 'connect'; readonly namespace: string; readonly data?: object }
  | { readonly kind: 'disconnect'; readonly namespace: string }
  | {
      readonly kind: 'event';
      readonly namespace: string;
      /** Where an acknowledgement is asked for. */
      readonly id?: number;
      /** The event's name and its arguments. */
      readonly data: readonly unknown[];
    }
  | {
      readonly kind: 'ack';
      readonly namespace: string;
      readonly id: number;
      readonly data: readonly unknown[];
    }
  | { readonly kind: 'refusal'; readonly namespace: string; readonly data: Refusal };

/** What a CONNECT_ERROR says. */
export interface Refusal {
  readonly message: string;
  /** What the server's middleware gave the error. */
  readonly data?: unknown;
}

/** What a WebSocket carries in one message. */
export type Frame = string | ArrayBuffer;

const digits = { connect: '0', disconnect: '1', event: '2', ack: '3', refusal: '4' } as const;
const binaryDigits = { event: '5', ack: '6' } as const;
const kinds = ['connect', 'disconnect', 'event', 'ack', 'refusal', 'event', 'ack'] as const;

/** Events that clients hear of themselves; a server has no right to these names. */
const reserved = ['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener'];

/** The packet's text and, after it, its binary attachments. */
export function encodePacket(packet: Packet): readonly [string, ...ArrayBuffer[]] {
  const attachments: ArrayBuffer[] = [];
  const namespace = packet.namespace === '/' ? '' : `${packet.namespace},`;
  if (packet.kind !== 'event' && packet.kind !== 'ack') {
    const data = packet.kind === 'disconnect' ? undefined : packet.data;
    return [`${digits[packet.kind]}${namespace}${data === undefined ? '' : JSON.stringify(data)}`];
  }
  const json = JSON.stringify(takeAttachments(packet.data, attachments));
  const head =
    attachments.length === 0 ? digits[packet.kind] : `${binaryDigits[packet.kind]}${attachments.length}-`;
  return [`${head}${namespace}${packet.id ?? ''}${json}`, ...attachments];
}

/** Puts packets together from the frames of one connection. */
export class PacketDecoder {
  #unfinished:
    { readonly packet: Packet; readonly missing: number; readonly parts: ArrayBuffer[] } | undefined;

  /**
   * Takes the next frame; returns the packet that it completes, and undefined where attachments are still to come. Throws
   * `malformed_packet`.
   */
  add(frame: Frame): Packet | undefined {
    if (typeof frame !== 'string') return this.#attach(frame);
    if (this.#unfinished !== undefined) throw malformed('a text instead of an attachment', frame);
    const { packet, attachments } = decodeText(frame);
    if (attachments === 0) return packet;
    this.#unfinished = { packet, missing: attachments, parts: [] };
    return undefined;
  }

  #attach(frame: ArrayBuffer): Packet | undefined {
    if (this.#unfinished === undefined) throw malformed('an attachment to nothing', '');
    const { packet, missing, parts } = this.#unfinished;
    parts.push(frame);
    if (parts.length < missing) return undefined;
    this.#unfinished = undefined;
    if (packet.kind !== 'event' && packet.kind !== 'ack') return packet;
    return { ...packet, data: putAttachments(packet.data, parts) as unknown[] };
  }
}

// Type, attachments, namespace, id. What follows, which may be long, is JSON and not looked at.
const beginning = /^([0-6])(?:(\d+)-)?(?:(\/[^,]*),?)?(\d+)?/;

function decodeText(text: string): { packet: Packet; attachments: number } {
  const [head, digit, count, namespace = '/', id] = beginning.exec(text) ?? [];
  if (head === undefined || digit === undefined) throw malformed('an unknown type', text);
  const kind = kinds[Number(digit)] as Packet['kind'];
  const isBinary = digit === binaryDigits.event || digit === binaryDigits.ack;
  if (isBinary !== (count !== undefined)) throw malformed('attachments of the wrong kind', text);
  const data = text.length === head.length ? undefined : parse(text.slice(head.length), text);
  const packet = build(kind, namespace, id === undefined ? undefined : Number(id), data);
  if (packet === undefined) throw malformed(`data that no ${kind} has`, text);
  return { packet, attachments: Number(count ?? 0) };
}

function build(
  kind: Packet['kind'],
  namespace: string,
  id: number | undefined,
  data: unknown,
): Packet | undefined {
  switch (kind) {
    case 'connect':
      return isObject(data) ? { kind, namespace, data } : undefined;
    case 'disconnect':
      return data === undefined ? { kind, namespace } : undefined;
    case 'refusal':
      if (typeof data === 'string') return { kind, namespace, data: { message: data } };
      return isObject(data) ? { kind, namespace, data: data as unknown as Refusal } : undefined;
    case 'ack':
      return Array.isArray(data) && id !== undefined ? { kind, namespace, id, data } : undefined;
    case 'event':
      if (!Array.isArray(data) || typeof data[0] !== 'string' || reserved.includes(data[0])) return undefined;
      return { kind, namespace, data, ...(id === undefined ? {} : { id }) };
    default:
      return kind satisfies never;
  }
}

function parse(json: string, text: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw malformed('no JSON', text);
  }
}

function isObject(data: unknown): data is object {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

function malformed(what: string, text: string): ClientError {
  return new ClientError('malformed_packet', `It has ${what}: ${text.slice(0, 100)}`);
}
