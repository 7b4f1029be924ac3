import { createTokenIssuer, sumUsage, type Scope } from '@sluice/testkit';
import type { SettingName, TelemetryOptions } from '../../telemetry-options.mjs';
import { deliveryFaults } from '../bench/delivery-faults.ts';
import { generate } from '../bench/generator-process.ts';
import { startPrivateRedis } from '../bench/private-redis.ts';
import { createProfiler } from '../bench/profiler.ts';
import type { DeliveryPlan, DeliveryReport } from '../generator/plan.ts';
import { startCluster, type Cluster, type ClusterParts } from './cluster.ts';
import { settledAccountOf, telemetryFaults } from './own-account.ts';
import { startReceiver } from './start-receiver.ts';
import { takeTurns } from './turns.ts';
import type { ClusterFigures, TelemetryTrial } from './telemetry-results.ts';

/**
 * Messages that one cluster has before the other has some: as few as are still worth warming caches for. With 200 instead of 8,
 * what the machine did otherwise moved ratios by 10 % within ten seconds; so by 2 %.
 */
const turn = 8;

/** How late sends may be (p99): both clusters have that in common, so more than where figures themselves are compared. */
const maxLatenessMs = 500;

/**
 * Small rooms over whole gateways, with telemetry and without at once: two clusters that share nothing but a Redis, and that
 * have the messages in turn. What the machine does meanwhile happens to both, and what one of them does later, such as sending
 * spans, counts as its own.
 */
export async function compareWithOff(
  scope: Scope,
  setting: SettingName,
  options: TelemetryOptions,
  onPhase: (phase: string) => void,
): Promise<Pick<TelemetryTrial, 'figures' | 'faults'>> {
  onPhase('starting');
  const redis = await startPrivateRedis(scope, { aof: false });
  const parts: ClusterParts = {
    options,
    issuer: createTokenIssuer(),
    redisUrl: redis.url,
    otlp: await startReceiver(scope),
  };
  const off = await startCluster(scope, 'off', 0, parts);
  const on = await startCluster(scope, setting, 1, parts);
  const gateways = [...off.gateways, ...on.gateways];
  const plan = planOf(off, on, options, redis.pid);
  const { profileFolder } = options;
  const profiler =
    profileFolder === undefined
      ? undefined
      : await createProfiler(on.gateways, profileFolder, setting.replace('%', '-percent'));
  const { report } = await generate(scope, plan, (phase) => {
    if (phase === 'measuring') profiler?.begin();
    if (phase === 'settling') profiler?.end();
    onPhase(phase);
  });
  await profiler?.written();

  const faults = deliveryFaults(report, plan, gateways, maxLatenessMs);
  const figuresOf = async (cluster: Cluster, from: number): Promise<ClusterFigures> => {
    const usage = sumUsage(report.usage.nodes.slice(from, from + options.nodes));
    const delivered = sum(report.deliveredByNode.slice(from, from + options.nodes));
    const messages = delivered / options.roomSize;
    const account = await settledAccountOf(cluster, messages);
    faults.push(...telemetryFaults(cluster, account, { delivered, messages }));
    return {
      gatewayCpuUsPerDelivery: (usage.cpuMs * 1_000) / delivered,
      delivered,
      gatewayRssMb: usage.rssBytes / options.nodes / 1_048_576,
      spans: account.spans,
      spansLost: account.spansLost,
    };
  };
  const { verdict, latencyMs } = report;
  const figures = {
    off: await figuresOf(off, 0),
    on: await figuresOf(on, options.nodes),
    verdict,
    latencyMs,
  };
  return { figures, faults: [...faults, ...verdictFaults(report)] };
}

function planOf(off: Cluster, on: Cluster, options: TelemetryOptions, redis: number): DeliveryPlan {
  const gateways = [...off.gateways, ...on.gateways];
  const onSenders = on.senders.map((sender) => sender + off.clients.length);
  return {
    kind: 'delivery',
    dialect: 'chat',
    ports: gateways.map(({ port }) => port),
    clients: [...off.clients, ...on.clients],
    senders: takeTurns(off.senders, onSenders, turn),
    pids: { nodes: gateways.map(({ child }) => child.pid), redis },
    ratePerS: options.ratePerS,
    warmupMs: options.warmupMs,
    measureMs: options.measureMs,
  };
}

function verdictFaults({ verdict }: DeliveryReport): string[] {
  const broken = Object.entries(verdict).filter(([, count]) => count > 0);
  return broken.map(([what, count]) => `${what}: ${count} messages`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
