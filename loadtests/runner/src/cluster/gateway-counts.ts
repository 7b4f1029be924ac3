import { metricTotal, type Gateway } from '@sluice/testkit';
import type { GatewayCount } from './cluster-under-test.ts';

const counted = [
  ['sluice_spills_total', 'connections that read too slowly, and were served from the log from then on'],
  ['sluice_slow_consumers_total', 'connections closed because they did not read what waited for them'],
  ['sluice_gaps_total', 'gaps told to connections that were there'],
  ['sluice_fenced_sockets_total', 'sockets closed because their session had been taken over'],
] as const;

/** What the catalogue of metrics (docs/telemetry.md) has of the rarer ways of a gateway, all of them together. */
export async function countAll(gateways: readonly Gateway[]): Promise<readonly GatewayCount[]> {
  const samples = (await Promise.all(gateways.map((gateway) => gateway.metrics()))).flat();
  return counted.map(([metric, title]) => ({ title, count: metricTotal(samples, metric) }));
}
