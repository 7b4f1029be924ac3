import { setTimeout as pause } from 'node:timers/promises';
import { readUsage, sumUsage, type ProcessUsage } from '@sluice/testkit';
import type { ConnectPlan, ConnectReport, PlannedClient } from '../generator/plan.ts';
import { createGarbageCollection } from './garbage.ts';
import { generate } from './generator-process.ts';
import { dialectOf } from './delivery-setting.ts';
import { idleLayout } from './layout.ts';
import { startNodes } from './nodes.ts';
import { requireOpenFiles } from './open-file-limit.ts';
import { startPrivateRedis } from './private-redis.ts';
import type { Measured, Trial, TrialContext } from './trial.ts';

/** Part of the connections that come and go first, so that neither cold code nor a young heap is measured. */
const warmShare = 0.1;
const restCheckMs = 500;
const restShare = 0.05;
const restTimeoutMs = 20_000;

/** Connections in two rooms each that say nothing: what one holds, what it costs to make, and to keep. */
export async function measureIdle(
  trial: Trial,
  { options, scope, onPhase }: TrialContext,
): Promise<Measured> {
  const { connections, idleMs } = options;
  requireOpenFiles(connections);
  onPhase('starting');
  const redis = await startPrivateRedis(scope, options);
  const nodes = await startNodes(
    scope,
    { peer: trial.peer, count: trial.nodes, redisUrl: redis.url },
    options,
  );
  const pids = nodes.map(({ child }) => child.pid);
  const garbage = await createGarbageCollection(trial.peer, nodes);
  const planOf = (clients: readonly PlannedClient[], leave: boolean): ConnectPlan => ({
    kind: 'connect',
    dialect: dialectOf(trial.peer),
    ports: nodes.map(({ port }) => port),
    clients,
    pids: { nodes: pids, redis: redis.pid },
    leave,
  });
  const layoutOf = (clients: number, name: string): PlannedClient[] =>
    idleLayout({ clients, nodes: trial.nodes, name });

  onPhase('warming');
  const warm = await generate(
    scope,
    planOf(layoutOf(Math.ceil(connections * warmShare), 'warm'), true),
    onPhase,
  );
  await warm.child.exited;
  await atRest(pids);
  await garbage.collect();
  const empty = usageOf(pids);
  const emptyRedis = readUsage(redis.pid);

  const { report, child } = await generate(scope, planOf(layoutOf(connections, 'idle'), false), onPhase);
  onPhase('settling');
  await atRest(pids);
  onPhase('measuring');
  const before = usageOf(pids);
  const beforeRedis = readUsage(redis.pid);
  await pause(idleMs);
  const after = usageOf(pids);
  const afterRedis = readUsage(redis.pid);
  await garbage.collect();
  const collected = usageOf(pids);
  garbage.close();
  const percent = (cpuMs: number): number => (cpuMs * 100) / idleMs;
  const kb = (bytes: number): number => bytes / 1_024 / connections;
  return {
    figures: {
      rssKbPerConnection: kb(collected.rssBytes - empty.rssBytes),
      rssKbPerConnectionUncollected: kb(after.rssBytes - empty.rssBytes),
      ...connectFigures(report),
      idleCpuPercent: percent(after.cpuMs - before.cpuMs),
      redisIdleCpuPercent: percent(afterRedis.cpuMs - beforeRedis.cpuMs),
      redisKbPerConnection: kb(afterRedis.rssBytes - emptyRedis.rssBytes),
    },
    faults: child.running ? [] : ['the connections did not stay open'],
  };
}

function connectFigures({ connections, joins, connecting, joining }: ConnectReport): Measured['figures'] {
  const handshakesMs = sumUsage(connecting.nodes).cpuMs;
  const joinsMs = sumUsage(joining.nodes).cpuMs;
  return {
    cpuMsPerConnect: (handshakesMs + joinsMs) / connections,
    cpuMsPerHandshake: handshakesMs / connections,
    cpuMsPerJoin: joinsMs / joins,
    redisCpuMsPerConnect: (connecting.redis.cpuMs + joining.redis.cpuMs) / connections,
  };
}

/** The processes together. */
function usageOf(pids: readonly number[]): ProcessUsage {
  return sumUsage(pids.map(readUsage));
}

/** Resolves once the processes have little left to do of what came before, or do not come to rest at all. */
async function atRest(pids: readonly number[]): Promise<void> {
  const until = performance.now() + restTimeoutMs;
  for (let before = usageOf(pids); performance.now() < until;) {
    await pause(restCheckMs);
    const now = usageOf(pids);
    if (now.cpuMs - before.cpuMs < restShare * restCheckMs * pids.length) return;
    before = now;
  }
}
