import { eventually, metricTotal, parseMetrics, testkitError, type MetricSample } from '@sluice/testkit';
import type { RealGateway } from '../bench/real-gateways.ts';
import type { Cluster } from './cluster.ts';

/** What the gateways of one setting say of their telemetry, since they began. */
export interface OwnAccount {
  /** Any metrics at all. */
  readonly metrics: boolean;
  /** Messages written to clients. */
  readonly sent: number;
  readonly spans: number;
  /** That could not be sent, or were too many. */
  readonly spansLost: number;
  /** Collections of metrics. */
  readonly collections: number;
}

// As many traces as are certainly some, where a share of messages is picked at random: none come of it once in 20,000 runs.
const certainTraces = 10;
// Longer than the SDK keeps spans together.
const exportMs = 15_000;
const maxLostShare = 0.02;

/** Once what is still to be exported has been. `messages`: how many it has had at least. */
export async function settledAccountOf(cluster: Cluster, messages: number): Promise<OwnAccount> {
  const { gateways, setting } = cluster;
  const isThere = ({ spans, collections }: OwnAccount): boolean =>
    setting.sampled === undefined || (collections > 0 && (spans > 0 || !expectsSpans(cluster, messages)));
  try {
    return await eventually(
      async () => {
        const account = await ownAccountOf(gateways);
        return isThere(account) && account;
      },
      { timeoutMs: exportMs },
    );
  } catch (error) {
    if (!testkitError.is(error, 'not_in_time')) throw error;
    return await ownAccountOf(gateways);
  }
}

/** Where a setting was not what it says. */
export function telemetryFaults(
  cluster: Cluster,
  account: OwnAccount,
  { delivered, messages }: { delivered: number; messages: number },
): string[] {
  const { name, setting } = cluster;
  const { metrics, sent, spans, spansLost, collections } = account;
  const faults: string[] = [];
  const say = (text: string): void => void faults.push(`${name}: ${text}`);
  if (metrics !== setting.counts) say(metrics ? 'metrics were counted' : 'no metrics were counted');
  if (setting.counts && sent < delivered) say(`${sent} of ${delivered} deliveries were counted`);
  if (setting.sampled === undefined) {
    if (spans + spansLost + collections > 0) say('something was exported');
    return faults;
  }
  if (collections === 0) say('no metrics were exported');
  if (spans === 0 && expectsSpans(cluster, messages)) say('no spans were exported');
  if (spansLost > maxLostShare * spans) say(`${spansLost} spans were lost, ${spans} exported`);
  return faults;
}

function expectsSpans({ setting }: Cluster, messages: number): boolean {
  return setting.sampled !== undefined && setting.sampled * messages >= certainTraces;
}

async function ownAccountOf(gateways: readonly RealGateway[]): Promise<OwnAccount> {
  const pages = await Promise.all(gateways.map(({ operatorUrl }) => metricsOf(operatorUrl)));
  const samples = pages.flat();
  const exports = (signal: string, outcome: string): number =>
    metricTotal(samples, 'sluice_telemetry_exports_total', { signal, outcome });
  return {
    metrics: samples.length > 0,
    sent: metricTotal(samples, 'sluice_events_sent_total', { event: 'message:new' }),
    spans: exports('traces', 'ok'),
    spansLost: exports('traces', 'failed') + metricTotal(samples, 'sluice_telemetry_spans_dropped_total'),
    collections: exports('metrics', 'ok'),
  };
}

async function metricsOf(operatorUrl: string): Promise<MetricSample[]> {
  const response = await fetch(`${operatorUrl}/metrics`);
  return parseMetrics(await response.text());
}
