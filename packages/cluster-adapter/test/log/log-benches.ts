import { createRedisCore, type RedisCoreOptions } from '@sluice/redis-core';
import { startFaultProxy, startRedis, type RedisServer, type Scope } from '@sluice/testkit';
import type { ClusterLog, LogEntry, Position, Topic } from '../../src/log/cluster-log.ts';
import { MemoryHub } from '../../src/log/memory-hub.ts';
import { createMemoryLog } from '../../src/log/memory-log.ts';
import { createRedisLog, type RedisLogOptions } from '../../src/log/redis-log.ts';

interface HeardEntry extends LogEntry {
  readonly topic: Topic;
}

/** What one node has heard, in order. */
interface Heard {
  readonly entries: HeardEntry[];
  readonly sent: { readonly topic: Topic; readonly body: Buffer }[];
  readonly turns: ('interrupted' | 'restored')[];
}

export interface LogNode {
  readonly log: ClusterLog;
  readonly heard: Heard;
}

interface DeafNode extends LogNode {
  /** What is published from now on is not heard. */
  readonly interrupt: () => void;
  readonly restore: () => Promise<void>;
}

/** Nodes that share one log. */
export interface Bench {
  node(): Promise<LogNode>;
  deafNode(): Promise<DeafNode>;
}

function listenTo(log: ClusterLog): Heard {
  const heard: Heard = { entries: [], sent: [], turns: [] };
  log.listen({
    onEntry: (topic, { position, previous, body }) =>
      void heard.entries.push({ topic, position, previous, body: Buffer.from(body) }),
    onSent: (topic, body) => void heard.sent.push({ topic, body: Buffer.from(body) }),
    onInterrupted: () => void heard.turns.push('interrupted'),
    onRestored: () => void heard.turns.push('restored'),
  });
  return heard;
}

let nodes = 0;

interface RedisLogNodeOptions extends RedisLogOptions {
  readonly tuning?: RedisCoreOptions['tuning'];
}

export async function openRedisLog(
  scope: Scope,
  url: string,
  { tuning = {}, ...options }: RedisLogNodeOptions = {},
): Promise<LogNode> {
  nodes += 1;
  const core = createRedisCore({ url, nodeId: `node-${nodes}`, tuning: { reconnectCapMs: 200, ...tuning } });
  const log = createRedisLog(core, options);
  scope.onClose(() => core.stop(1_000));
  scope.onClose(() => log.stop(0));
  const heard = listenTo(log);
  const { signal } = new AbortController();
  await core.start(signal);
  await log.start(signal);
  return { log, heard };
}

/** For tests in which Redis is late only because the machine is. */
const patient: RedisLogNodeOptions = {
  outboxMaxAgeMs: 30_000,
  tuning: { deadlineMs: 30_000, probeMs: 30_000 },
};

function redisBench(scope: Scope, redis: RedisServer): Bench {
  return {
    node: () => openRedisLog(scope, redis.url, patient),
    async deafNode() {
      const proxy = await startFaultProxy(scope, {
        scheme: 'redis',
        target: { host: '127.0.0.1', port: redis.port },
      });
      return {
        ...(await openRedisLog(scope, proxy.url, patient)),
        interrupt() {
          proxy.refuse();
          proxy.cut();
        },
        restore: () => proxy.heal(),
      };
    },
  };
}

function memoryBench(scope: Scope): Bench {
  const hub = new MemoryHub();
  const node = (): Promise<DeafNode> => {
    const log = createMemoryLog({ hub });
    scope.onClose(() => log.stop(0));
    return Promise.resolve({
      log,
      heard: listenTo(log),
      interrupt: () => log.interrupt(),
      restore: () => Promise.resolve(log.restore()),
    });
  };
  return { node, deafNode: node };
}

export const benches: readonly [name: string, open: (scope: Scope) => Promise<Bench>][] = [
  ['in Redis', async (scope) => redisBench(scope, await startRedis(scope))],
  ['in memory', (scope) => Promise.resolve(memoryBench(scope))],
];

export const retention = { maxAgeMs: 60_000, maxEntries: 10_000 };

/** Everything that is kept of a topic. */
export async function readAll(log: ClusterLog, topic: Topic): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for (let after: Position = '0-0'; ;) {
    const page = await log.read(topic, after, 1_000);
    entries.push(...page);
    const last = page.at(-1);
    if (last === undefined) return entries;
    after = last.position;
  }
}

export function bodiesOf(entries: readonly { readonly body: Buffer }[]): string[] {
  return entries.map(({ body }) => body.toString());
}
