import type { DialectName } from '../generator/dialect.ts';
import type { DeliveryPlan, DeliveryReport } from '../generator/plan.ts';
import { generate } from './generator-process.ts';
import { roomsLayout } from './layout.ts';
import { startNodes } from './nodes.ts';
import { startPrivateRedis } from './private-redis.ts';
import { createProfiler } from './profiler.ts';
import type { Measured, Trial, TrialContext } from './trial.ts';

/** Members in rooms over the nodes, who send at a steady pace: what a delivery costs, and how long it takes. */
export async function measureDelivery(trial: Trial, context: TrialContext): Promise<Measured> {
  const { options, scope, onPhase } = context;
  onPhase('starting');
  const redis = await startPrivateRedis(scope, options);
  const nodes = await startNodes(scope, {
    peer: trial.peer,
    count: trial.nodes,
    redisUrl: redis.url,
    flags: options.nodeFlags,
  });
  const dialect: DialectName = trial.peer === 'floor' ? 'floor' : 'socket-io';
  const plan: DeliveryPlan = {
    kind: 'delivery',
    dialect,
    ports: nodes.map(({ port }) => port),
    ...roomsLayout({ clients: options.clients, roomSize: options.roomSize, nodes: trial.nodes }),
    pids: { nodes: nodes.map(({ child }) => child.pid), redis: redis.pid },
    ratePerS: options.ratePerS,
    warmupMs: options.warmupMs,
    measureMs: options.measureMs,
  };
  const { profileFolder } = options;
  const profiler =
    profileFolder === undefined
      ? undefined
      : await createProfiler(nodes, profileFolder, Object.values(trial).join('-'));
  const { report } = await generate(scope, plan, (phase) => {
    if (phase === 'measuring') profiler?.begin();
    if (phase === 'settling') profiler?.end();
    onPhase(phase);
  });
  await profiler?.written();
  return { figures: figuresOf(report), faults: faultsOf(report, plan) };
}

function figuresOf(report: DeliveryReport): Measured['figures'] {
  const { windowMs, published, delivered, latencyMs, usage, verdict } = report;
  const nodesCpuMs = usage.nodes.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  const nodesRssBytes = usage.nodes.reduce((sum, { rssBytes }) => sum + rssBytes, 0);
  return {
    gatewayCpuUsPerDelivery: (nodesCpuMs * 1_000) / delivered,
    redisCpuUsPerPublish: (usage.redis.cpuMs * 1_000) / published,
    latencyP50Ms: latencyMs.p50,
    latencyP99Ms: latencyMs.p99,
    latencyMaxMs: latencyMs.max,
    gatewayRssMb: nodesRssBytes / usage.nodes.length / 1_048_576,
    redisRssMb: usage.redis.rssBytes / 1_048_576,
    publishedPerS: (published * 1_000) / windowMs,
    deliveredPerS: (delivered * 1_000) / windowMs,
    ...verdict,
    gatewayCores: nodesCpuMs / windowMs,
    generatorCores: usage.generator.cpuMs / windowMs,
    generatorLatenessP99Ms: report.latenessP99Ms,
  };
}

/** The least share of what was to happen in a window that has to have happened. */
const minShare = 0.98;
const maxLatenessMs = 50;

function faultsOf(report: DeliveryReport, plan: DeliveryPlan): string[] {
  const { windowMs, published, delivered, latenessP99Ms } = report;
  const planned = (plan.ratePerS * windowMs) / 1_000;
  const members = plan.clients.length / new Set(plan.clients.map(({ rooms: [room] }) => room)).size;
  const faults: string[] = [];
  if (published < minShare * planned) {
    faults.push(`the generator sent ${published} of ${Math.round(planned)} messages`);
  }
  if (latenessP99Ms > maxLatenessMs) {
    faults.push(`the generator was ${Math.round(latenessP99Ms)} ms late (p99)`);
  }
  if (delivered < minShare * published * members) {
    faults.push(`the nodes delivered ${delivered} of ${published * members} times in the window`);
  }
  if (report.failures > 0) faults.push(`${report.failures} clients failed: ${report.firstFailure ?? ''}`);
  return faults;
}
