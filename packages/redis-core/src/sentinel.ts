import type { Clock } from '@sluice/kernel';
import { createClient } from '@redis/client';
import { redisError } from './errors.ts';
import type { Address, SentinelTopology } from './topology.ts';
import { replyCode, withoutArguments } from './translate.ts';

export interface SentinelSearch {
  /** What CLIENT LIST of the sentinels shows. */
  readonly name: string;
  readonly clock: Clock;
  /** How long sentinels may take; who has not answered by then has no vote. */
  readonly patienceMs: number;
  /** Gives up. */
  readonly signal: AbortSignal;
}

/**
 * Asks all sentinels at once where the master is, and goes by what most of them say: one that is cut off from the others
 * may still name the old one. Rejects with `redis_unavailable` where none of them names any, and with `redis_not_ready` where
 * they do not agree. Whether the one they name knows that it is the master is to be seen there.
 */
export async function findMaster(topology: SentinelTopology, search: SentinelSearch): Promise<Address> {
  const { sentinels } = topology;
  const enough = new AbortController();
  const cancel = search.clock.schedule(search.patienceMs, () => enough.abort());
  const signal = AbortSignal.any([enough.signal, search.signal]);
  const votes = new Map<string, Address[]>();
  const causes: unknown[] = [];
  await Promise.all(
    sentinels.map(async (sentinel) => {
      try {
        const address = await ask(sentinel, topology, { ...search, signal });
        const name = `${address.host} ${address.port}`;
        const same = [...(votes.get(name) ?? []), address];
        votes.set(name, same);
        if (same.length > sentinels.length / 2) enough.abort();
      } catch (cause) {
        causes.push(withoutArguments(cause));
      }
    }),
  );
  cancel();
  const [first, second] = [...votes.values()].toSorted((a, b) => b.length - a.length);
  if (first?.[0] === undefined) {
    throw redisError('redis_unavailable', {
      text: `no sentinel names a master "${topology.masterName}"`,
      cause: new AggregateError(causes),
    });
  }
  if (first.length === second?.length) {
    throw redisError('redis_not_ready', { text: 'the sentinels do not agree on who is the master' });
  }
  return first[0];
}

async function ask(sentinel: Address, topology: SentinelTopology, search: SentinelSearch): Promise<Address> {
  const { username, password } = topology;
  try {
    return await askWith({}, sentinel, topology, search);
  } catch (cause) {
    // Sentinels often have no password where Redis has one, and would refuse one they do not know.
    if (replyCode(cause) !== 'NOAUTH' || password === undefined) throw cause;
    return askWith({ password, ...(username !== undefined && { username }) }, sentinel, topology, search);
  }
}

async function askWith(
  credentials: { readonly username?: string; readonly password?: string },
  { host, port }: Address,
  { masterName }: SentinelTopology,
  { name, patienceMs, signal }: SentinelSearch,
): Promise<Address> {
  const client = createClient({
    ...credentials,
    name,
    RESP: 3,
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    socket: { host, port, reconnectStrategy: false, connectTimeout: patienceMs },
  });
  // What goes wrong rejects what is waited for.
  client.on('error', () => undefined);
  const answer = async (): Promise<Address> => {
    await client.connect();
    const reply: unknown = await client.sendCommand(['SENTINEL', 'get-master-addr-by-name', masterName]);
    if (!Array.isArray(reply)) {
      throw redisError('redis_unavailable', { text: `a sentinel knows no master "${masterName}"` });
    }
    return { host: String(reply[0]), port: Number(reply[1]) };
  };
  try {
    return await orAborted(answer(), signal);
  } finally {
    client.destroy();
  }
}

/** The driver's attempts to connect do not end where they are given up. */
function orAborted<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(redisError('redis_unavailable'));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject);
  });
}
