import { ValueType, type Attributes, type HrTime } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  DataPointType,
  type CollectionResult,
  type DataPoint,
  type Histogram,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';
import type { MetricObjectWithValues, MetricValue, Registry } from 'prom-client';

type Metric = MetricObjectWithValues<MetricValue<string>>;
type HistogramValue = MetricValue<string> & { readonly metricName?: string };

/**
 * What `/metrics` shows, for OTLP: the same instruments under the same names, so that a dashboard does not mind which way they
 * came. Cumulative since the process began.
 */
export function createMetricBridge(registry: Registry): MetricProducer {
  const startTime = hrTime(performance.timeOrigin);
  return {
    async collect(): Promise<CollectionResult> {
      const endTime = hrTime(Date.now());
      const metrics = (await registry.getMetricsAsJSON()) as unknown as Metric[];
      const span = { startTime, endTime };
      return {
        resourceMetrics: {
          resource: emptyResource(),
          scopeMetrics: [
            {
              scope: { name: '@sluice/telemetry' },
              metrics: metrics.flatMap((one) => toMetricData(one, span)),
            },
          ],
        },
        errors: [],
      };
    },
  };
}

type Period = Pick<DataPoint<number>, 'startTime' | 'endTime'>;

function toMetricData(metric: Metric, period: Period): MetricData[] {
  if (metric.values.length === 0) return [];
  const descriptor = {
    name: metric.name,
    description: metric.help,
    unit: unitOf(metric.name),
    valueType: ValueType.DOUBLE,
  };
  const base = { descriptor, aggregationTemporality: AggregationTemporality.CUMULATIVE } as const;
  // Declared as an enumeration of numbers, given as the words.
  switch (String(metric.type) as 'counter' | 'gauge' | 'histogram' | 'summary') {
    case 'counter':
      return [
        { ...base, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: points(metric, period) },
      ];
    case 'gauge':
      return [{ ...base, dataPointType: DataPointType.GAUGE, dataPoints: points(metric, period) }];
    case 'histogram':
      return [
        { ...base, dataPointType: DataPointType.HISTOGRAM, dataPoints: histogramPoints(metric, period) },
      ];
    // OpenTelemetry has none, and neither do we.
    case 'summary':
      return [];
  }
}

function points({ values }: Metric, period: Period): DataPoint<number>[] {
  return values.map(({ value, labels }) => ({ ...period, attributes: labels as Attributes, value }));
}

/** prom-client gives one value for each bucket, cumulative, then sum and count. */
function histogramPoints({ values }: Metric, period: Period): DataPoint<Histogram>[] {
  const series = new Map<
    string,
    { attributes: Attributes; bounds: number[]; cumulative: number[]; sum: number; count: number }
  >();
  for (const { labels, value, metricName = '' } of values as HistogramValue[]) {
    const { le, ...attributes } = labels as Record<string, string | number>;
    const key = JSON.stringify(attributes);
    const one = series.get(key) ?? { attributes, bounds: [], cumulative: [], sum: 0, count: 0 };
    series.set(key, one);
    if (metricName.endsWith('_sum')) one.sum = value;
    else if (metricName.endsWith('_count')) one.count = value;
    else {
      if (le !== '+Inf') one.bounds.push(Number(le));
      one.cumulative.push(value);
    }
  }
  return [...series.values()].map(({ attributes, bounds, cumulative, sum, count }) => ({
    ...period,
    attributes,
    value: {
      sum,
      count,
      buckets: {
        boundaries: bounds,
        counts: cumulative.map((value, index) => value - (cumulative[index - 1] ?? 0)),
      },
    },
  }));
}

/** By UCUM, from the suffix that Prometheus's conventions want. */
function unitOf(name: string): string {
  if (/_seconds(_total)?$/.test(name)) return 's';
  return /_bytes(_total)?$/.test(name) ? 'By' : '';
}

function hrTime(ms: number): HrTime {
  return [Math.floor(ms / 1_000), Math.floor((ms % 1_000) * 1e6)];
}
