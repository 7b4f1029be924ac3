import { Gauge, collectDefaultMetrics, type Registry } from 'prom-client';
import type {
  CounterEntry,
  GaugeEntry,
  HistogramEntry,
  LabelValues,
  MetricEntry,
} from './catalogue/metric-entry.ts';
import { Series, type Given } from './series.ts';

type Labels<Values extends LabelValues> = { readonly [Name in keyof Values]: Values[Name][number] };

interface CounterInstrument<Values extends LabelValues> {
  inc(labels: Labels<Values>, by?: number): void;
}

interface HistogramInstrument<Values extends LabelValues> {
  observe(labels: Labels<Values>, value: number): void;
}

interface GaugeInstrument<Values extends LabelValues> {
  /** `read` is asked at each scrape and each export, and tells what it has by calling `set`. Call once. */
  collect(read: (set: (labels: Labels<Values>, value: number) => void) => void): void;
}

type InstrumentOf<Entry> =
  Entry extends CounterEntry<infer Values>
    ? CounterInstrument<Values>
    : Entry extends HistogramEntry<infer Values>
      ? HistogramInstrument<Values>
      : Entry extends GaugeEntry<infer Values>
        ? GaugeInstrument<Values>
        : never;

export type Instruments<Catalogue extends Record<string, MetricEntry>> = {
  readonly [Name in keyof Catalogue]: InstrumentOf<Catalogue[Name]>;
};

// Gauges under the name of a counter, which promtool objects to. Their likes by type are left.
const misnamed = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];
// Series that begin at 0, so that the first event of its kind shows as an increase. More of them would mostly stay there.
const maxPrepared = 32;
// Of the event loop's delay. prom-client's own, 10 ms, wakes the process a hundred times a second.
const eventLoopMonitoringPrecision = 50;

/**
 * The instruments of a catalogue, in `registry`; where there is none they count nothing and cost nothing. Beside them the
 * process's own metrics, as prom-client has them.
 */
export function createInstruments<Catalogue extends Record<string, MetricEntry>>(
  catalogue: Catalogue,
  registry: Registry | undefined,
): Instruments<Catalogue> {
  if (registry !== undefined) {
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision });
    for (const name of misnamed) registry.removeSingleMetric(name);
  }
  const made = Object.entries(catalogue).map(([name, entry]) => [name, createInstrument(entry, registry)]);
  return Object.fromEntries(made) as Instruments<Catalogue>;
}

const nothing = { inc: () => undefined, observe: () => undefined, collect: () => undefined };

function createInstrument(entry: MetricEntry, registry: Registry | undefined): object {
  if (registry === undefined) return nothing;
  switch (entry.type) {
    case 'counter':
      return createCounter(entry, registry);
    case 'histogram':
      return createHistogram(entry, registry);
    case 'gauge':
      return createGauge(entry, registry);
  }
}

// Counted here and shown by prom-client, whose own counters and histograms look their labels up anew at each call: with them
// a gateway spent 6 % of its time on what it counts for each delivery (docs/adr/0009).

function createCounter(entry: CounterEntry, registry: Registry): CounterInstrument<LabelValues> {
  const series = new Series(Object.keys(entry.labels), (labels) => ({ labels, value: 0 }));
  prepare(entry.labels, series);
  show(registry, entry, () => series.all.map((point) => ({ ...point })));
  return {
    inc(given, by = 1) {
      series.at(given).value += by;
    },
  };
}

interface Distribution {
  readonly labels: Given;
  sum: number;
  /** One for each bucket, not cumulative; the last is for what is above all bounds. */
  readonly counts: number[];
}

function createHistogram(entry: HistogramEntry, registry: Registry): HistogramInstrument<LabelValues> {
  const { name, buckets } = entry;
  const series = new Series<Distribution>(Object.keys(entry.labels), (labels) => ({
    labels,
    sum: 0,
    counts: Array.from({ length: buckets.length + 1 }, () => 0),
  }));
  prepare(entry.labels, series);
  const shown = ({ labels, sum, counts }: Distribution): Shown[] => {
    let count = 0;
    const cumulative = counts.map((own, index) => {
      count += own;
      return {
        labels: { le: buckets[index] ?? '+Inf', ...labels },
        value: count,
        metricName: `${name}_bucket`,
      };
    });
    return [
      ...cumulative,
      { labels, value: sum, metricName: `${name}_sum` },
      { labels, value: count, metricName: `${name}_count` },
    ];
  };
  show(registry, entry, () => series.all.flatMap(shown));
  return {
    observe(given, value) {
      const point = series.at(given);
      point.sum += value;
      let index = 0;
      while (index < buckets.length && value > (buckets[index] as number)) index += 1;
      point.counts[index] = (point.counts[index] as number) + 1;
    },
  };
}

function createGauge({ name, help, labels }: GaugeEntry, registry: Registry): GaugeInstrument<LabelValues> {
  return {
    collect(read) {
      new Gauge({
        name,
        help,
        labelNames: Object.keys(labels),
        registers: [registry],
        collect() {
          this.reset();
          read((given, value) => this.set(given, value));
        },
      });
    },
  };
}

/** A sample as prom-client has it. */
interface Shown {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

/** Adds a metric of our own to a registry, which asks it for nothing but this. */
function show(registry: Registry, entry: CounterEntry | HistogramEntry, values: () => Shown[]): void {
  const { name, help, type } = entry;
  const get = async () => ({ name, help, type, aggregator: 'sum', values: values() });
  registry.registerMetric({ name, help, type, get } as unknown as Parameters<Registry['registerMetric']>[0]);
}

function prepare(labels: LabelValues, series: Series<unknown>): void {
  const all = Object.entries(labels).reduce<Given[]>(
    (sets, [name, values]) => sets.flatMap((set) => values.map((value) => ({ ...set, [name]: value }))),
    [{}],
  );
  if (all.length <= maxPrepared) for (const given of all) series.at(given);
}
