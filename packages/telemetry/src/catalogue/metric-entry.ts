export type LabelValues = Readonly<Record<string, readonly string[]>>;

/** Only one of our drivers has it. */
type OnlyDriver = 'lanes';

interface MetricEntryOf<Type extends string, Labels extends LabelValues> {
  readonly signal: 'metric';
  readonly type: Type;
  /** As Prometheus has it: the same at `/metrics` and over OTLP. */
  readonly name: `sluice_${string}`;
  readonly help: string;
  /** Every label with every value it can have: there are no others. */
  readonly labels: Labels;
  readonly only?: OnlyDriver;
}

export type CounterEntry<Labels extends LabelValues = LabelValues> = MetricEntryOf<'counter', Labels>;
export type GaugeEntry<Labels extends LabelValues = LabelValues> = MetricEntryOf<'gauge', Labels>;
export interface HistogramEntry<Labels extends LabelValues = LabelValues> extends MetricEntryOf<
  'histogram',
  Labels
> {
  /** Upper bounds. */
  readonly buckets: readonly number[];
}

export type MetricEntry = CounterEntry | GaugeEntry | HistogramEntry;

type Rest = { readonly only?: OnlyDriver };

export function counter<const Labels extends LabelValues>(
  name: `sluice_${string}_total`,
  help: string,
  labels: Labels,
  rest: Rest = {},
): CounterEntry<Labels> {
  return { signal: 'metric', type: 'counter', name, help, labels, ...rest };
}

export function gauge<const Labels extends LabelValues>(
  name: `sluice_${string}`,
  help: string,
  labels: Labels,
  rest: Rest = {},
): GaugeEntry<Labels> {
  return { signal: 'metric', type: 'gauge', name, help, labels, ...rest };
}

export function histogram<const Labels extends LabelValues>(
  name: `sluice_${string}`,
  help: string,
  buckets: readonly number[],
  labels: Labels,
  rest: Rest = {},
): HistogramEntry<Labels> {
  return { signal: 'metric', type: 'histogram', name, help, buckets, labels, ...rest };
}
