import { metricTotal, within, type Gateway } from '@sluice/testkit';
import type { GatewayCount } from './cluster-under-test.ts';

const counted = [
  ['sluice_spills_total', 'connections that read too slowly, and were served from the log from then on'],
  ['sluice_slow_consumers_total', 'connections closed because they did not read what waited for them'],
  ['sluice_gaps_total', 'gaps told to connections that were there'],
  ['sluice_fenced_sockets_total', 'sockets closed because their session had been taken over'],
] as const;

const answerWithinMs = 5_000;

/** What the catalogue of metrics (docs/telemetry.md) has of the rarer ways of a gateway, all of them together. */
export async function countAll(gateways: readonly Gateway[]): Promise<readonly GatewayCount[]> {
  const answers = await Promise.allSettled(
    gateways.map((gateway) => within(gateway.metrics(), { timeoutMs: answerWithinMs })),
  );
  const samples = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const silent = answers.filter(({ status }) => status === 'rejected').length;
  return [
    ...counted.map(([metric, title]) => ({ title, count: metricTotal(samples, metric) })),
    ...(silent === 0 ? [] : [{ title: 'gateways that did not say what they counted', count: silent }]),
  ];
}
