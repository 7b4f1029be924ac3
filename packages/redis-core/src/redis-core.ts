import { systemClock, type Clock, type Lifecycle } from '@sluice/kernel';
import { ChannelSubscriber } from './channel-subscriber.ts';
import { CommandQueue, type Commands } from './commands.ts';
import {
  Connection,
  type CommandMeasure,
  type ConnectionInfo,
  type ConnectionRole,
  type ConnectionStatus,
} from './connection.ts';
import { redisError } from './errors.ts';
import { sentinelPatienceMs } from './driver-client.ts';
import { createKeyspace, type Keyspace } from './keyspace.ts';
import { MasterWatch } from './master-watch.ts';
import { BlockingReader, type StreamReader } from './reader.ts';
import type { Subscriber } from './subscriber.ts';
import { parseRedisUrl } from './topology.ts';
import { defaultTuning, type RedisTuning } from './tuning.ts';

/** Everything the core tells those who watch it. */
export type RedisStatus =
  | ConnectionStatus
  | {
      readonly kind: 'listenerFailed';
      /** The channel, or the method that took the listener. */
      readonly channel: string;
      readonly cause: unknown;
    };

export interface RedisHealth {
  /** True where every connection in use is open and answers probes, and subscriptions are restored. */
  readonly ready: boolean;
  readonly connections: readonly ConnectionInfo[];
  readonly outstanding: number;
}

export interface RedisCoreOptions {
  /** `redis[s]://…` or `redis-sentinel://…`; see {@link parseRedisUrl}. */
  readonly url: string;
  /** Sets this cluster's keys apart; `sluice` unless given. */
  readonly prefix?: string;
  /** Names this node's connections in CLIENT LIST: `<prefix>:<nodeId>:<role>[:<purpose>]`. `[A-Za-z0-9_.-]+`. */
  readonly nodeId: string;
  readonly tuning?: Partial<RedisTuning>;
  readonly onStatus?: (status: RedisStatus) => void;
  /** Called for each command, so it must be cheap; it must not throw. */
  readonly onCommand?: (measure: CommandMeasure) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/**
 * The one place where Redis connections are made. Ports open their connection at first use, once; `start` opens those
 * already asked for and waits for none of them, since a node must be able to live while Redis is away.
 */
export interface RedisCore extends Lifecycle {
  /** Where Redis is, without credentials. */
  readonly displayUrl: string;
  readonly keyspace: Keyspace;
  readonly commands: Commands;
  subscriber(): Subscriber;
  /** A blocking reader of its own connection for each purpose (`[a-z-]+`), always the same one. */
  reader(purpose: string): StreamReader;
  /** Every connection to Redis this core has made, in the order of making. Sentinels are asked over passing ones. */
  inventory(): readonly ConnectionInfo[];
  health(): RedisHealth;
}

const nodeIdPattern = /^[A-Za-z0-9_.-]{1,64}$/;
const purposePattern = /^[a-z-]{1,32}$/;

/** Throws `redis_config_invalid` where an option is not usable. Opens nothing before `start`. */
export function createRedisCore(options: RedisCoreOptions): RedisCore {
  const topology = parseRedisUrl(options.url);
  if (!nodeIdPattern.test(options.nodeId)) {
    throw redisError('redis_config_invalid', { text: 'nodeId must be 1-64 of A-Z a-z 0-9 _ . -' });
  }
  const prefix = options.prefix ?? 'sluice';
  const tuning: RedisTuning = Object.freeze({ ...defaultTuning, ...options.tuning });
  const clock = options.clock ?? systemClock;
  const report = options.onStatus ?? (() => undefined);
  const connections: Connection[] = [];
  const readers = new Map<string, StreamReader>();
  let phase: 'new' | 'started' | 'stopped' = 'new';
  let stopping: Promise<void> | undefined;

  const open = (role: ConnectionRole, purpose?: string): Connection => {
    if (phase === 'stopped') throw redisError('redis_closed');
    const name = [prefix, options.nodeId, role, ...(purpose === undefined ? [] : [purpose])].join(':');
    const connection = new Connection(name, role, topology, tuning, {
      clock,
      random: options.random ?? Math.random,
      report,
      onCommand: options.onCommand,
    });
    connections.push(connection);
    if (phase === 'started') connection.start();
    return connection;
  };

  const onListenerError = (cause: unknown, channel: string): void =>
    report({ kind: 'listenerFailed', channel, cause });
  const commands = new CommandQueue(open('commands'), tuning, clock, (cause) =>
    onListenerError(cause, 'onOpened'),
  );
  let subscriber: ChannelSubscriber | undefined;
  const masterWatch =
    topology.kind === 'sentinel'
      ? new MasterWatch(topology, {
          name: `${prefix}:${options.nodeId}:sentinel`,
          clock,
          everyMs: tuning.probeEveryMs,
          patienceMs: sentinelPatienceMs(tuning),
          onMaster: (master) => connections.forEach((connection) => connection.follow(master)),
        })
      : undefined;
  const inventory = (): readonly ConnectionInfo[] => connections.map((connection) => connection.info);

  return {
    name: 'redis-core',
    displayUrl: topology.displayUrl,
    keyspace: createKeyspace(prefix),
    commands,
    subscriber() {
      subscriber ??= new ChannelSubscriber(open('subscriber'), clock, onListenerError);
      return subscriber;
    },
    reader(purpose) {
      if (!purposePattern.test(purpose)) {
        throw redisError('redis_config_invalid', { text: 'a reader’s purpose must be 1-32 of a-z -' });
      }
      let reader = readers.get(purpose);
      if (reader === undefined) {
        reader = new BlockingReader(open('reader', purpose), Math.floor(tuning.probeMs / 2), clock);
        readers.set(purpose, reader);
      }
      return reader;
    },
    inventory,
    health: () => ({
      ready:
        phase === 'started' &&
        connections.every((connection) => connection.client !== undefined) &&
        (subscriber?.restored ?? true),
      connections: inventory(),
      outstanding: commands.outstanding,
    }),
    start() {
      if (phase === 'stopped') return Promise.reject(redisError('redis_closed'));
      if (phase === 'new') {
        for (const connection of connections) connection.start();
        masterWatch?.start();
      }
      phase = 'started';
      return Promise.resolve();
    },
    stop(deadlineMs) {
      stopping ??= stopAll(deadlineMs);
      return stopping;
    },
  };

  async function stopAll(deadlineMs: number): Promise<void> {
    phase = 'stopped';
    masterWatch?.stop();
    const until = clock.now() + deadlineMs;
    // Readers and subscriptions first, so that nothing arrives for parts already gone; commands last, because
    // others may still be writing what must not be lost.
    for (const connection of connections.toReversed()) {
      if (connection.role === 'subscriber') subscriber?.close();
      await connection.stop(Math.max(0, until - clock.now()));
    }
    commands.close();
  }
}
