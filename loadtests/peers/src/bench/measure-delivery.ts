import type { OutputLine } from '@sluice/testkit';
import type { DeliveryPlan, DeliveryReport } from '../generator/plan.ts';
import { sumUsage } from '../generator/process-usage.ts';
import type { ArrangeDelivery } from './delivery-setting.ts';
import { generate } from './generator-process.ts';
import type { Node } from './nodes.ts';
import { startPrivateRedis } from './private-redis.ts';
import { createProfiler } from './profiler.ts';
import type { Measure, Measured } from './trial.ts';

/** Members in rooms over the nodes, some of whom send at a steady pace: what a delivery costs, and how long it takes. */
export function measureDelivery(arrange: ArrangeDelivery): Measure {
  return async (trial, context) => {
    const { options, scope, onPhase } = context;
    onPhase('starting');
    const redis = await startPrivateRedis(scope, options);
    const { nodes, dialect, clients, senders, ratePerS } = await arrange(trial, context, redis);
    const plan: DeliveryPlan = {
      kind: 'delivery',
      dialect,
      ports: nodes.map(({ port }) => port),
      clients,
      senders,
      pids: { nodes: nodes.map(({ child }) => child.pid), redis: redis.pid },
      ratePerS,
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
    return { figures: figuresOf(report), faults: [...faultsOf(report, plan), ...complaintsOf(nodes)] };
  };
}

function figuresOf(report: DeliveryReport): Measured['figures'] {
  const { windowMs, published, delivered, latencyMs, usage, verdict } = report;
  const nodes = sumUsage(usage.nodes);
  return {
    gatewayCpuUsPerDelivery: (nodes.cpuMs * 1_000) / delivered,
    redisCpuUsPerPublish: (usage.redis.cpuMs * 1_000) / published,
    latencyP50Ms: latencyMs.p50,
    latencyP99Ms: latencyMs.p99,
    latencyMaxMs: latencyMs.max,
    gatewayRssMb: nodes.rssBytes / usage.nodes.length / 1_048_576,
    redisRssMb: usage.redis.rssBytes / 1_048_576,
    publishedPerS: (published * 1_000) / windowMs,
    deliveredPerS: (delivered * 1_000) / windowMs,
    ...verdict,
    gatewayCores: nodes.cpuMs / windowMs,
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

const inspectorLines = /^(Debugger (listening|attached|ending)|For help, see: |Waiting for the debugger)/;

/** What nodes said on stderr: of work that nobody waited for, a driver has no other way to tell that it failed. */
function complaintsOf(nodes: readonly Node[]): string[] {
  const lines = nodes.flatMap(({ child }) => child.output.entries.filter(isComplaint));
  return lines.length === 0 ? [] : [`the nodes complained ${lines.length} times: ${lines[0]?.text ?? ''}`];
}

function isComplaint({ stream, text }: OutputLine): boolean {
  return stream === 'stderr' && text !== '' && !inspectorLines.test(text);
}
