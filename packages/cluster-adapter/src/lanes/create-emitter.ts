import { randomBytes } from 'node:crypto';
import type { RedisCore } from '@sluice/redis-core';
import { Encoder, PacketType, type Packet } from 'socket.io-parser';
import { adapterError } from '../adapter-errors.ts';
import type { ClusterLog, LogReceipt, Position, Retention } from '../log/cluster-log.ts';
import { createRedisLog } from '../log/redis-log.ts';
import type { EventPolicy } from './lanes-options.ts';
import { publishCommand, type NodeCommand } from './node-channel.ts';
import type { PacketEncoding } from './packet-codec.ts';
import { Publishing } from './publishing.ts';

export interface EmitterOptions {
  readonly core: RedisCore;
  /** As the cluster's adapters keep them. Default: what a client may be away for by default, twice. */
  readonly retention?: (namespace: string, room: string | undefined) => Retention;
  readonly policies?: Readonly<Record<string, EventPolicy>>;
  /** As the servers' `parser`. */
  readonly parser?: { readonly Encoder: new () => PacketEncoding };
}

export interface EmitReceipt {
  /** Where it is in the log; undefined for a volatile event. */
  readonly position: Position | undefined;
}

/** Emits into the cluster; each of the first five returns another, narrower one. */
export interface Emitter {
  to(room: string | readonly string[]): Emitter;
  in(room: string | readonly string[]): Emitter;
  except(room: string | readonly string[]): Emitter;
  compress(compress: boolean): Emitter;
  readonly volatile: Emitter;
  /**
   * Resolves once it is in the log, with its position (at once for a volatile event). Rejects as the log's `publish` does,
   * with `event_reserved`, and with `ack_not_supported` where the last argument is a function.
   */
  emit(event: string, ...args: readonly unknown[]): Promise<EmitReceipt>;
  socketsJoin(rooms: string | readonly string[]): Promise<LogReceipt>;
  socketsLeave(rooms: string | readonly string[]): Promise<LogReceipt>;
  disconnectSockets(close?: boolean): Promise<LogReceipt>;
  /** To the servers themselves. Rejects with `ack_not_supported` where the last argument is a function. */
  serverSideEmit(event: string, ...args: readonly unknown[]): Promise<LogReceipt>;
}

export interface ClusterEmitter extends Emitter {
  /** Another namespace than `/`; its slash may be left out. */
  of(namespace: string): Emitter;
  /** Waits up to `deadlineMs` for what is under way. The core is left to whoever made it. */
  close(deadlineMs: number): Promise<void>;
}

interface Target {
  readonly namespace: string;
  readonly rooms: readonly string[];
  readonly except: readonly string[];
  readonly volatile: boolean;
  readonly compress: boolean | undefined;
}

const defaultRetention: Retention = { maxAgeMs: 300_000, maxEntries: 10_000 };
// RESERVED_EVENTS of socket.io.
const reserved = new Set([
  'connect',
  'connect_error',
  'disconnect',
  'disconnecting',
  'newListener',
  'removeListener',
]);

/** Publishes into the cluster from a process that serves no sockets, with the guarantees of a node. Start the core yourself. */
export function createEmitter(options: EmitterOptions): ClusterEmitter {
  const log = createRedisLog(options.core);
  const uid = `emitter-${randomBytes(8).toString('hex')}`;
  const codec = new (options.parser?.Encoder ?? Encoder)();
  const { retention = () => defaultRetention, policies = {} } = options;
  // Nothing that could fail: it only begins to watch the connection.
  void log.start(new AbortController().signal);
  const on = (target: Target): Emitter => createOn(target, { log, uid, codec, retention, policies });
  const of = (name: string): Emitter =>
    on({
      namespace: name.startsWith('/') ? name : `/${name}`,
      rooms: [],
      except: [],
      volatile: false,
      compress: undefined,
    });
  return Object.defineProperties(of('/'), {
    of: { value: of },
    close: { value: (deadlineMs: number) => log.stop(deadlineMs) },
  }) as ClusterEmitter;
}

interface Parts extends Required<Pick<EmitterOptions, 'retention' | 'policies'>> {
  readonly log: ClusterLog;
  readonly uid: string;
  readonly codec: PacketEncoding;
}

function createOn(target: Target, parts: Parts): Emitter {
  const { namespace, rooms, except, volatile, compress } = target;
  const { log, uid } = parts;
  const publishing = new Publishing(namespace, log, parts.codec, parts);
  const narrowed = (change: Partial<Target>): Emitter => createOn({ ...target, ...change }, parts);
  const to = (room: string | readonly string[]): Emitter => narrowed({ rooms: merge(rooms, room) });
  const command = (op: NodeCommand['op'], rest: Omit<NodeCommand, 'namespace' | 'op'>): Promise<LogReceipt> =>
    publishCommand(log, uid, { namespace, op, filter: { rooms, except }, ...rest });
  return {
    to,
    in: to,
    except: (room) => narrowed({ except: merge(except, room) }),
    compress: (value) => narrowed({ compress: value }),
    get volatile() {
      return narrowed({ volatile: true });
    },
    async emit(event, ...args) {
      if (reserved.has(event)) throw adapterError('event_reserved');
      refuseAck(args);
      const packet: Packet = { type: PacketType.EVENT, nsp: namespace, data: [event, ...args] };
      const publication = { rooms, except, packet, compress };
      const envelope = publishing.encode(publication);
      if (!volatile) return { position: (await publishing.publish(publication, envelope)).position };
      await publishing.send(publication, envelope);
      return { position: undefined };
    },
    socketsJoin: (joined) => command('join', { rooms: merge([], joined) }),
    socketsLeave: (left) => command('leave', { rooms: merge([], left) }),
    disconnectSockets: (close = false) => command('disconnect', { close }),
    async serverSideEmit(event, ...args) {
      refuseAck(args);
      return await command('serverSideEmit', { args: [event, ...args] });
    },
  };
}

function refuseAck(args: readonly unknown[]): void {
  if (typeof args.at(-1) === 'function') throw adapterError('ack_not_supported');
}

function merge(rooms: readonly string[], more: string | readonly string[]): string[] {
  return [...new Set([...rooms, ...(typeof more === 'string' ? [more] : more)])];
}
