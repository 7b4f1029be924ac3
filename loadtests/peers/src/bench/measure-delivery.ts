import { sumUsage } from '@sluice/testkit';
import type { DeliveryPlan, DeliveryReport } from '../generator/plan.ts';
import { deliveryFaults } from './delivery-faults.ts';
import type { ArrangeDelivery } from './delivery-setting.ts';
import { generate } from './generator-process.ts';
import { startPrivateRedis } from './private-redis.ts';
import { profileTrial } from './profiler.ts';
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
    const profile = await profileTrial(trial, options, nodes);
    const { report } = await generate(scope, plan, (phase) => {
      profile.onPhase(phase);
      onPhase(phase);
    });
    await profile.written();
    return { figures: figuresOf(report), faults: deliveryFaults(report, plan, nodes) };
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
