import { logCatalogue } from './logs.ts';
import type { MetricEntry } from './metric-entry.ts';
import { clientMetrics, redisMetrics, telemetryMetrics } from './metrics.ts';
import { spanCatalogue, type SpanEntry } from './spans.ts';

/** What docs/telemetry.md has under each of these headings: Markdown, as `npm run docs:telemetry` writes it there. */
export function renderCatalogue(): Readonly<Record<string, string>> {
  return {
    'Between clients and a node': metricTable(clientMetrics),
    'Between a node and Redis': metricTable(redisMetrics),
    'Of telemetry itself': metricTable(telemetryMetrics),
    'Values of labels': labelTable({ ...clientMetrics, ...redisMetrics, ...telemetryMetrics }),
    Spans: table(
      ['span', 'kind', 'child of', 'what it is', 'attributes'],
      (spanCatalogue as readonly SpanEntry[]).map(({ name, kind, parent, help, attributes, only }) => [
        code(name),
        kind,
        parent,
        help + limited(only),
        attributes.map(code).join(', '),
      ]),
    ),
    Logs: table(
      ['line', 'level', 'fields'],
      logCatalogue.map(({ message, level, fields, only }) => [
        message + limited(only),
        level,
        fields.map(code).join(', '),
      ]),
    ),
  };
}

function metricTable(entries: Readonly<Record<string, MetricEntry>>): string {
  const rows = Object.values(entries).map(({ name, type, labels, help, only }) => [
    code(name),
    type,
    Object.keys(labels).map(code).join(', '),
    help + limited(only),
  ]);
  return table(['metric', 'type', 'labels', 'what it tells'], rows);
}

/** Labels that have the same values share a row. */
function labelTable(entries: Readonly<Record<string, MetricEntry>>): string {
  const rows = new Map<string, { readonly label: string; readonly metrics: string[] }>();
  for (const { name, labels } of Object.values(entries)) {
    for (const [label, values] of Object.entries(labels)) {
      const key = `${label} ${values.join()}`;
      const row = rows.get(key) ?? { label, metrics: [] };
      rows.set(key, row);
      row.metrics.push(name);
    }
  }
  return table(
    ['label', 'of', 'values'],
    [...rows].map(([key, { label, metrics }]) => [
      code(label),
      metrics.map(code).join(', '),
      key
        .slice(label.length + 1)
        .split(',')
        .map(code)
        .join(', '),
    ]),
  );
}

function limited(only: string | undefined): string {
  return only === undefined ? '' : ` (driver ${code(only)})`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}
