import type { BenchOptions } from '../../options.mjs';
import type { Cut, ReturnPlan } from '../generator/plan.ts';
import { dialectOf } from './delivery-setting.ts';
import { generate } from './generator-process.ts';
import { stormLayout, strided, roomsLayout, type Layout } from './layout.ts';
import { startNodes, type Node } from './nodes.ts';
import { startPrivateRedis } from './private-redis.ts';
import { profileTrial } from './profiler.ts';
import { returnFaults } from './return-faults.ts';
import { returnFigures } from './return-figures.ts';
import type { Measure } from './trial.ts';

interface Misfortune extends Layout {
  readonly rehearsal: readonly number[];
  readonly cut: Cut;
}

type ArrangeMisfortune = (options: BenchOptions, nodes: readonly Node[]) => Misfortune;

/** Most clients lose their connections at the same instant, while the others go on talking. */
export const arrangeStorm: ArrangeMisfortune = ({ returnClients, roomSize }, nodes) => {
  const { leavers, ...layout } = stormLayout({ clients: returnClients, roomSize, nodes: nodes.length });
  return { ...layout, cut: { kind: 'reset', clients: leavers } };
};

const rehearsedShare = 0.25;

/** The last node is killed while everybody talks. */
export const arrangeCrash: ArrangeMisfortune = ({ returnClients, roomSize }, nodes) => {
  const layout = roomsLayout({ clients: returnClients, roomSize, nodes: nodes.length });
  const node = nodes.length - 1;
  return {
    ...layout,
    rehearsal: strided(returnClients).slice(0, Math.ceil(returnClients * rehearsedShare)),
    cut: { kind: 'kill', node, pid: (nodes[node] as Node).child.pid },
  };
};

/** Clients lose their connections and come back to other nodes: what that costs, how long it takes, what is missing then. */
export function measureReturn(arrange: ArrangeMisfortune): Measure {
  return async (trial, { options, scope, onPhase }) => {
    onPhase('starting');
    const redis = await startPrivateRedis(scope, options);
    const nodes = await startNodes(
      scope,
      { peer: trial.peer, count: trial.nodes, redisUrl: redis.url },
      options,
    );
    const misfortune = arrange(options, nodes);
    const { cut } = misfortune;
    const pids = nodes.map(({ child }) => child.pid);
    const plan: ReturnPlan = {
      kind: 'return',
      dialect: dialectOf(trial.peer),
      ports: nodes.map(({ port }) => port),
      pids: { nodes: pids.filter((pid) => cut.kind !== 'kill' || pid !== cut.pid), redis: redis.pid },
      ...misfortune,
      ratePerS: options.returnRatePerS,
      warmupMs: options.warmupMs,
      steadyMs: options.measureMs,
    };
    const survivors = nodes.filter(({ child }) => plan.pids.nodes.includes(child.pid));
    const profile = await profileTrial(trial, options, survivors);
    const { report } = await generate(scope, plan, (phase) => {
      profile.onPhase(phase);
      onPhase(phase);
    });
    await profile.written();
    return { figures: returnFigures(report), faults: returnFaults(report, plan, nodes) };
  };
}
