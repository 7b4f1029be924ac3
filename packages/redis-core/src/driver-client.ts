import type { Clock } from '@sluice/kernel';
import { createClient, type RedisClientType } from '@redis/client';
import { redisError } from './errors.ts';
import { findMaster } from './sentinel.ts';
import type { Address, Topology } from './topology.ts';
import { withoutArguments } from './translate.ts';
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

export interface OpenedClient {
  readonly client: DriverClient;
  /** Where it leads, as the sentinels named it; undefined without sentinels. */
  readonly master: Address | undefined;
}

/** Part of the time for connecting, so that enough of it is left for the master. */
export function sentinelPatienceMs(tuning: RedisTuning): number {
  return tuning.connectMs / 4;
}

/** Connects once, behind Sentinel to the master of the moment, and resolves when commands can be written. */
export async function openDriverClient(
  topology: Topology,
  { name, tuning, clock, signal, onEnd }: DriverClientOptions,
): Promise<OpenedClient> {
  const socket = { reconnectStrategy: false, connectTimeout: tuning.connectMs } as const;
  const patienceMs = sentinelPatienceMs(tuning);
  const master =
    topology.kind === 'sentinel'
      ? await findMaster(topology, { name, clock, patienceMs, signal })
      : undefined;
  signal.throwIfAborted();
  const target =
    topology.kind === 'sentinel'
      ? {
          ...(topology.username !== undefined && { username: topology.username }),
          ...(topology.password !== undefined && { password: topology.password }),
          database: topology.database,
          socket: { ...socket, ...master },
        }
      : { url: topology.url, socket };
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
  client.on('error', (cause) => onEnd(withoutArguments(cause)));
  client.on('end', () => onEnd(redisError('redis_connection_lost')));
  signal.addEventListener('abort', () => client.destroy(), { once: true });
  try {
    await client.connect();
    // Given up before it had a socket, the driver goes on connecting all the same.
    signal.throwIfAborted();
    if (master !== undefined) requireMaster(await client.sendCommand(['ROLE']));
  } catch (cause) {
    client.destroy();
    throw withoutArguments(cause);
  }
  return { client, master };
}

/** Throws `redis_not_ready` unless the reply to ROLE is a master's. */
export function requireMaster(role: unknown): void {
  if (Array.isArray(role) && role[0] === 'master') return;
  throw redisError('redis_not_ready', { text: 'Redis is not the master, or no longer.' });
}
