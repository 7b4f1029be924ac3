import { createTokenIssuer, type Scope } from '@sluice/testkit';
import type { SettingName, TelemetryOptions } from '../../telemetry-options.mjs';
import { deliveryFaults } from '../bench/delivery-faults.ts';
import { generate } from '../bench/generator-process.ts';
import { startPrivateRedis } from '../bench/private-redis.ts';
import { createProfiler, type Profiler } from '../bench/profiler.ts';
import type { DeliveryPlan, DeliveryReport } from '../generator/plan.ts';
import { sumUsage } from '../generator/process-usage.ts';
import { startCluster, type Cluster } from './cluster.ts';
import { settledAccountOf, telemetryFaults } from './own-account.ts';
import { startReceiver } from './start-receiver.ts';
import { takeTurns } from './turns.ts';
import type { SettingFigures, TelemetryRound } from './telemetry-results.ts';

/**
 * Messages that one setting has before another has some: as few as are still worth warming caches for. With a turn of 250 ms
 * instead of 10, what the machine did otherwise moved ratios by 10 % within ten seconds; so by 2 %.
 */
const turn = 8;

/** How late sends may be (p99): all settings have that in common, so more than where figures themselves are compared. */
const maxLatenessMs = 500;

export type MeasuredRound = Omit<TelemetryRound, 'round' | 'startedAt'>;

/**
 * Small rooms over whole gateways, of all settings at once: clusters that share nothing but a Redis, and that have the messages
 * in turn. What the machine does meanwhile happens to all of them, and what one of them does later, such as sending spans,
 * counts as its own.
 */
export async function measureRound(
  scope: Scope,
  options: TelemetryOptions,
  onPhase: (phase: string) => void,
): Promise<MeasuredRound> {
  onPhase('starting');
  const redis = await startPrivateRedis(scope, { aof: false });
  const otlp = await startReceiver(scope);
  const issuer = createTokenIssuer();
  const clusters: Cluster[] = [];
  for (const name of options.settings) {
    clusters.push(await startCluster(scope, name, { options, otlp, issuer, redisUrl: redis.url }));
  }
  const plan = planOf(clusters, options, redis.pid);
  const profilers = await profilersOf(clusters, options.profileFolder);
  const { report } = await generate(scope, plan, (phase) => {
    if (phase === 'measuring') profilers.forEach((profiler) => profiler.begin());
    if (phase === 'settling') profilers.forEach((profiler) => profiler.end());
    onPhase(phase);
  });
  await Promise.all(profilers.map((profiler) => profiler.written()));

  const figures: Partial<Record<SettingName, SettingFigures>> = {};
  const gateways = clusters.flatMap((cluster) => cluster.gateways);
  const faults = deliveryFaults(report, plan, gateways, maxLatenessMs);
  for (const [index, cluster] of clusters.entries()) {
    const from = index * options.nodes;
    const usage = sumUsage(report.usage.nodes.slice(from, from + options.nodes));
    const delivered = sum(report.deliveredByNode.slice(from, from + options.nodes));
    const messages = delivered / options.roomSize;
    const account = await settledAccountOf(cluster, messages);
    faults.push(...telemetryFaults(cluster, account, { delivered, messages }));
    figures[cluster.name] = {
      gatewayCpuUsPerDelivery: (usage.cpuMs * 1_000) / delivered,
      delivered,
      gatewayRssMb: usage.rssBytes / options.nodes / 1_048_576,
      spans: account.spans,
      spansLost: account.spansLost,
    };
  }
  const { verdict, latencyMs } = report;
  return { figures, faults: [...faults, ...verdictFaults(report)], verdict, latencyMs };
}

function planOf(clusters: readonly Cluster[], options: TelemetryOptions, redis: number): DeliveryPlan {
  const gateways = clusters.flatMap((cluster) => cluster.gateways);
  const groups = clusters.map(({ senders }, index) =>
    senders.map((sender) => sender + index * options.clients),
  );
  return {
    kind: 'delivery',
    dialect: 'chat',
    ports: gateways.map(({ port }) => port),
    clients: clusters.flatMap(({ clients }) => clients),
    senders: takeTurns(groups, turn),
    pids: { nodes: gateways.map(({ child }) => child.pid), redis },
    ratePerS: options.ratePerS,
    warmupMs: options.warmupMs,
    measureMs: options.measureMs,
  };
}

async function profilersOf(clusters: readonly Cluster[], folder: string | undefined): Promise<Profiler[]> {
  if (folder === undefined) return [];
  return await Promise.all(
    clusters.map(({ name, gateways }) => createProfiler(gateways, folder, name.replace('%', '-percent'))),
  );
}

function verdictFaults({ verdict }: DeliveryReport): string[] {
  const broken = Object.entries(verdict).filter(([, count]) => count > 0);
  return broken.map(([what, count]) => `${what}: ${count} messages`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
