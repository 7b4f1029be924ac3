import {
  clientEvents,
  logCatalogue,
  metricCatalogue,
  spanCatalogue,
  type LogEntry,
  type MetricEntry,
  type SpanEntry,
} from '@sluice/telemetry';
import type { LogLine, OtlpMetric, OtlpSpan } from '@sluice/testkit';

// What is found is either an entry of the catalogue or, as text, what is wrong with it.

const metricsByName = new Map<string, MetricEntry>(
  Object.values(metricCatalogue).map((entry) => [entry.name, entry]),
);
const suffix = /_(?:bucket|sum|count)$/;

/** The entry of a series at `/metrics` or over OTLP. A histogram's at `/metrics` end in `_bucket`, `_sum` and `_count`. */
export function entryOfSeries(name: string, labels: Readonly<Record<string, unknown>>): MetricEntry | string {
  const base = metricsByName.get(name.replace(suffix, ''));
  const entry = metricsByName.get(name) ?? (base?.type === 'histogram' ? base : undefined);
  if (entry === undefined) return `the metric ${name} is not in the catalogue`;
  const given = Object.entries(labels).filter(([label]) => label !== 'le' || entry.type !== 'histogram');
  const strange = given.filter(([label, value]) => entry.labels[label]?.includes(String(value)) !== true);
  const isWhole = given.length === Object.keys(entry.labels).length;
  if (strange.length === 0 && isWhole) return entry;
  return `${name} has labels that the catalogue does not list: ${JSON.stringify(Object.fromEntries(given))}`;
}

const otlpKinds = { counter: 'sum', gauge: 'gauge', histogram: 'histogram' } as const;

/** What is wrong with the kind of a metric over OTLP. */
export function strayKind(
  entry: MetricEntry,
  { name, kind, monotonic, temporality }: OtlpMetric,
): string | undefined {
  const isRight =
    kind === otlpKinds[entry.type] &&
    monotonic === (entry.type === 'counter') &&
    (kind === 'gauge' || temporality === 'CUMULATIVE');
  return isRight ? undefined : `${name} is a ${entry.type}, and came as a ${temporality} ${kind}`;
}

const placeholders: Readonly<Record<string, string>> = {
  '<event>': `(?:${clientEvents.join('|')})`,
  '<template>': String.raw`(?:[a-z]+:)?\{[a-z]+\}`,
  '<COMMAND>': '[A-Z]+',
};
const spanPatterns = spanCatalogue.map((entry: SpanEntry) => {
  const pattern = entry.name.replaceAll(/<\w+>/g, (placeholder) => placeholders[placeholder] ?? placeholder);
  return { entry, pattern: new RegExp(`^${pattern}$`) };
});

export function entryOfSpan({ name, kind, attributes }: OtlpSpan): SpanEntry | string {
  const entry = spanPatterns.find((one) => one.pattern.test(name) && one.entry.kind === kind)?.entry;
  if (entry === undefined) return `the span "${name}" of kind ${kind} is not in the catalogue`;
  const strange = Object.keys(attributes).filter((key) => !entry.attributes.includes(key));
  return strange.length === 0
    ? entry
    : `the span "${name}" has ${strange.join(', ')}, which the catalogue does not list`;
}

const levels = new Map<unknown, LogEntry['level']>([
  [30, 'info'],
  [40, 'warn'],
  [50, 'error'],
  [60, 'fatal'],
]);
const logsByText = new Map<unknown, LogEntry>(logCatalogue.map((entry) => [entry.message, entry]));
// Pino's own, and those of what a line was caused by.
const everyLine = ['level', 'time', 'nodeId', 'pid', 'hostname', 'msg', 'trace_id', 'span_id'];

export function entryOfLine(line: LogLine): LogEntry | string {
  const { msg, level } = line;
  const entry = logsByText.get(msg);
  if (entry === undefined) return `the line ${JSON.stringify(line)} is not in the catalogue`;
  if (levels.get(level) !== entry.level)
    return `"${String(msg)}" was logged at level ${String(level)}, not at ${entry.level}`;
  const strange = Object.keys(line).filter(
    (field) => !everyLine.includes(field) && !entry.fields.includes(field),
  );
  return strange.length === 0
    ? entry
    : `"${String(msg)}" has ${strange.join(', ')}, which the catalogue does not list`;
}
