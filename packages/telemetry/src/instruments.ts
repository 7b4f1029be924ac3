import { Counter, Gauge, Histogram, collectDefaultMetrics, type Registry } from 'prom-client';
import type {
  CounterEntry,
  GaugeEntry,
  HistogramEntry,
  LabelValues,
  MetricEntry,
} from './catalogue/metric-entry.ts';

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

/**
 * The instruments of a catalogue, in `registry`; where there is none they count nothing and cost nothing. Beside them the
 * process's own metrics, as prom-client has them.
 */
export function createInstruments<Catalogue extends Record<string, MetricEntry>>(
  catalogue: Catalogue,
  registry: Registry | undefined,
): Instruments<Catalogue> {
  if (registry !== undefined) {
    collectDefaultMetrics({ register: registry });
    for (const name of misnamed) registry.removeSingleMetric(name);
  }
  const made = Object.entries(catalogue).map(([name, entry]) => [name, createInstrument(entry, registry)]);
  return Object.fromEntries(made) as Instruments<Catalogue>;
}

const nothing = { inc: () => undefined, observe: () => undefined, collect: () => undefined };

function createInstrument(entry: MetricEntry, registry: Registry | undefined): object {
  if (registry === undefined) return nothing;
  const { name, help, labels, type } = entry;
  const labelNames = Object.keys(labels);
  const options = { name, help, labelNames, registers: [registry] };
  switch (type) {
    case 'counter': {
      const own = new Counter(options);
      const child = remembering(labelNames, (values) => own.labels(...values));
      prepare(labels, (given) => child(given).inc(0));
      return {
        inc: (given: Given, by?: number) => child(given).inc(by),
      } satisfies CounterInstrument<LabelValues>;
    }
    case 'histogram': {
      const own = new Histogram({ ...options, buckets: [...entry.buckets] });
      const child = remembering(labelNames, (values) => own.labels(...values));
      prepare(labels, (given) => own.zero(given));
      return {
        observe: (given: Given, value: number) => child(given).observe(value),
      } satisfies HistogramInstrument<LabelValues>;
    }
    case 'gauge':
      return {
        collect(read) {
          new Gauge({
            ...options,
            collect() {
              this.reset();
              read((given, value) => this.set(given, value));
            },
          });
        },
      } satisfies GaugeInstrument<LabelValues>;
  }
}

type Given = Readonly<Record<string, string>>;

/** What prom-client makes of label values, made once: it costs more than the counting. */
function remembering<Child>(
  names: readonly string[],
  make: (values: string[]) => Child,
): (given: Given) => Child {
  const known = new Map<string, Child>();
  const [first = '', second] = names;
  return (given) => {
    const key = second === undefined ? (given[first] ?? '') : `${given[first]}\n${given[second]}`;
    let child = known.get(key);
    if (child === undefined) {
      child = make(names.map((name) => given[name] ?? ''));
      known.set(key, child);
    }
    return child;
  };
}

function prepare(labels: LabelValues, begin: (given: Given) => void): void {
  const all = Object.entries(labels).reduce<Given[]>(
    (sets, [name, values]) => sets.flatMap((set) => values.map((value) => ({ ...set, [name]: value }))),
    [{}],
  );
  if (all.length <= maxPrepared) for (const given of all) begin(given);
}
