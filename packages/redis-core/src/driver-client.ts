import type { Clock } from '@sluice/kernel';
import { createClient, type RedisClientType } from 'redis';
import { redisError } from './errors.ts';
import { findMaster } from './sentinel.ts';
import type { Topology } from './topology.ts';
import type { RedisTuning } from './tuning.ts';

export type DriverClient = RedisClientType;

export interface DriverClientOptions {
  readonly name: string;
  readonly tuning: RedisTuning;
  readonly clock: Clock;
  /** Gives the attempt up. */
  readonly signal: AbortSignal;
  /** At the end of the connection, also of one that has not come about; may be called more than once. */
  readonly onEnd: (cause: unknown) => void;
}

// The part of `connectMs` that sentinels may take, so that enough of it is left for the master.
const sentinelShare = 1 / 4;

/** Connects once, behind Sentinel to the master of the moment, and resolves when commands can be written. */
export async function openDriverClient(
  topology: Topology,
  { name, tuning, clock, signal, onEnd }: DriverClientOptions,
): Promise<DriverClient> {
  const socket = { reconnectStrategy: false, connectTimeout: tuning.connectMs } as const;
  const patienceMs = tuning.connectMs * sentinelShare;
  const target =
    topology.kind === 'standalone'
      ? { url: topology.url, socket }
      : {
          ...(topology.username !== undefined && { username: topology.username }),
          ...(topology.password !== undefined && { password: topology.password }),
          database: topology.database,
          socket: { ...(await findMaster(topology, { name, clock, patienceMs, signal })), ...socket },
        };
  signal.throwIfAborted();
  const client: DriverClient = createClient({
    ...target,
    name,
    RESP: 3,
    // The driver's default timeout covers only unwritten commands and costs an AbortSignal each; see commands.ts.
    commandOptions: { timeout: 0 },
    commandsQueueMaxLength: tuning.maxOutstanding * 2,
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
  });
  client.on('error', onEnd);
  client.on('end', () => onEnd(redisError('redis_connection_lost')));
  signal.addEventListener('abort', () => client.destroy(), { once: true });
  try {
    await client.connect();
    if (topology.kind === 'sentinel') requireMaster(await client.sendCommand(['ROLE']));
  } catch (cause) {
    client.destroy();
    throw cause;
  }
  return client;
}

/** Throws `redis_not_ready` unless the reply to ROLE is a master's. */
export function requireMaster(role: unknown): void {
  if (Array.isArray(role) && role[0] === 'master') return;
  throw redisError('redis_not_ready', { text: 'Redis is not the master, or no longer.' });
}
