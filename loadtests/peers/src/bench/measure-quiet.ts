import type { QuietPlan, QuietReport, SteadyWindow, WindowUsage } from '../generator/plan.ts';
import { complaintsOf, paceFaults } from './delivery-faults.ts';
import { dialectOf } from './delivery-setting.ts';
import { generate } from './generator-process.ts';
import { quietLayout } from './layout.ts';
import { startNodes, type Node } from './nodes.ts';
import { startPrivateRedis } from './private-redis.ts';
import { profileTrial } from './profiler.ts';
import type { Measured, Trial, TrialContext } from './trial.ts';

/** In all quiet rooms together: in each of them a message every three seconds. */
const quietRatePerS = 1;

/** What a node that serves a few quiet rooms pays for what others say, and what it costs one of its clients to come back. */
export async function measureQuiet(
  trial: Trial,
  { options, scope, onPhase }: TrialContext,
): Promise<Measured> {
  onPhase('starting');
  const { clients, roomSize, ratePerS, warmupMs, measureMs: steadyMs, awayMs } = options;
  const redis = await startPrivateRedis(scope, options);
  const nodes = await startNodes(
    scope,
    { peer: trial.peer, count: trial.nodes, redisUrl: redis.url },
    options,
  );
  const { quietNode, ...layout } = quietLayout({ clients, roomSize, nodes: trial.nodes });
  const plan: QuietPlan = {
    kind: 'quiet',
    dialect: dialectOf(trial.peer),
    ports: nodes.map(({ port }) => port),
    pids: { nodes: nodes.map(({ child }) => child.pid), redis: redis.pid },
    ...layout,
    ratePerS,
    quietRatePerS,
    awayMs,
    warmupMs,
    steadyMs,
  };
  const profile = await profileTrial(trial, options, nodes);
  const { report } = await generate(scope, plan, (phase) => {
    profile.onPhase(phase);
    onPhase(phase);
  });
  await profile.written();
  return { figures: figuresOf(report, quietNode), faults: faultsOf(report, plan, nodes) };
}

type CpuMsOf = (usage: WindowUsage) => number;
const ofRedis: CpuMsOf = ({ redis }) => redis.cpuMs;

function figuresOf(report: QuietReport, quietNode: number): Measured['figures'] {
  const { besideBusy, besideSilent, usage, windowMs, returns, backMs } = report;
  const ofNode: CpuMsOf = ({ nodes }) => nodes[quietNode]?.cpuMs ?? NaN;
  const perSecond = (cpuMsOf: CpuMsOf, window: SteadyWindow): number =>
    (cpuMsOf(window.usage) * 1_000) / window.windowMs;
  /** What is spent more than in a silence as long. */
  const perReturn = (cpuMsOf: CpuMsOf): number =>
    (cpuMsOf(usage) - (perSecond(cpuMsOf, besideSilent) * windowMs) / 1_000) / returns;
  return {
    busyCpuMsPerS: perSecond(ofNode, besideBusy),
    silentCpuMsPerS: perSecond(ofNode, besideSilent),
    gatewayCpuMsPerReturn: perReturn(ofNode),
    redisCpuMsPerReturn: perReturn(ofRedis),
    backP50Ms: backMs.p50,
    backMaxMs: backMs.max,
    begunAnew: report.begunAnew,
    ...report.verdict,
    falselyRecovered: report.falselyRecovered,
    returns,
    saidMeanwhile: report.saidMeanwhile,
    generatorLatenessP99Ms: besideBusy.latenessP99Ms,
  };
}

function faultsOf(report: QuietReport, plan: QuietPlan, nodes: readonly Node[]): string[] {
  const { failures, firstFailure = '' } = report;
  return [
    ...paceFaults(report.besideBusy, plan),
    ...(failures > 0 ? [`${failures} clients failed: ${firstFailure}`] : []),
    ...complaintsOf(nodes),
  ];
}
