import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import { createRedisCore, type RedisCore, type RedisTuning } from '@sluice/redis-core';
import { createMemorySessionStore, createSessionStore, type SessionStore } from '@sluice/session-store';
import { openScope, startRedis, type RedisServer } from '@sluice/testkit';
import type { ClusterLog } from '../../src/log/cluster-log.ts';
import { MemoryHub } from '../../src/log/memory-hub.ts';
import { createMemoryLog, type MemoryLog } from '../../src/log/memory-log.ts';
import { createRedisLog, type RedisLogOptions } from '../../src/log/redis-log.ts';

export interface NodeParts {
  readonly log: ClusterLog;
  readonly sessions: SessionStore;
  /** Ends and begins what the node hears, where that can be done. */
  readonly hearing?: Pick<MemoryLog, 'interrupt' | 'restore'>;
  /** What is to be started before and stopped after the node. */
  readonly core?: RedisCore;
}

/** What the nodes of one cluster share. */
export interface Ground {
  partsFor(nodeId: string, maxDisconnectionMs: number): NodeParts;
}

/** A Redis server, or a way to it. Clusters with prefixes of their own do not see each other. */
export function redisGround(
  { url }: Pick<RedisServer, 'url'>,
  prefix = 'sluice',
  options?: RedisLogOptions,
  tuning?: Partial<RedisTuning>,
): Ground {
  return {
    partsFor(nodeId, maxDisconnectionMs) {
      const core = createRedisCore({ url, prefix, nodeId, ...(tuning !== undefined && { tuning }) });
      const log = createRedisLog(core, options);
      return { core, log, sessions: createSessionStore(core, { maxDisconnectionMs }) };
    },
  };
}

/** The same, for tests in which Redis is late only because the machine is. */
export function patientGround(redis: Pick<RedisServer, 'url'>, prefix: string): Ground {
  return redisGround(redis, prefix, { outboxMaxAgeMs: 30_000 }, { deadlineMs: 30_000, probeMs: 20_000 });
}

/** One Redis for a test file, and a cluster of its own for each call. */
export function sharedRedisGround(): () => Ground & { readonly prefix: string; readonly redis: RedisServer } {
  const scope = openScope(afterAll);
  let redis: RedisServer | undefined;
  beforeAll(async () => {
    redis = await startRedis(scope, { conf: { appendonly: 'no' } });
  });
  return () => {
    const prefix = `t${randomUUID().slice(0, 8)}`;
    const server = redis as RedisServer;
    return { ...patientGround(server, prefix), prefix, redis: server };
  };
}

/** The memory of this process. `log` stands between a node and its log, where given. */
export function memoryGround(
  log: (log: ClusterLog, nodeId: string) => ClusterLog = (plain) => plain,
): Ground & { readonly hub: MemoryHub } {
  const hub = new MemoryHub();
  let sessions: SessionStore | undefined;
  return {
    hub,
    partsFor(nodeId, maxDisconnectionMs) {
      sessions ??= createMemorySessionStore({ maxDisconnectionMs });
      const hearing = createMemoryLog({ hub });
      return { log: log(hearing, nodeId), sessions, hearing };
    },
  };
}
