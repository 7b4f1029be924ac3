import { startRedis, type RedisServer, type Scope } from '@sluice/testkit';

/** A Redis of its own on a free port, with this repository's configuration, but with nothing kept unless `aof` asks for it. */
export async function startPrivateRedis(scope: Scope, { aof }: { aof: boolean }): Promise<RedisServer> {
  return await startRedis(scope, aof ? {} : { conf: { appendonly: 'no' } });
}
