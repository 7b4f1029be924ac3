import { counters, trends } from './metrics.ts';
import { summaryPath } from './settings.ts';

interface Metric {
  readonly values: Readonly<Record<string, number>>;
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
}

interface SummaryData {
  readonly metrics: Readonly<Record<string, Metric>>;
}

/** k6's hook at the end of a run, for every scenario to export: our metrics on the terminal, and everything as JSON. */
export function handleSummary(data: SummaryData): Record<string, string> {
  const file = summaryPath === undefined ? {} : { [summaryPath]: JSON.stringify(data) };
  return { stdout: `${summaryText(data)}\n`, ...file };
}

/** A line for each of our metrics, and one for each threshold that was crossed, ours or k6's. */
function summaryText({ metrics }: SummaryData): string {
  const lines = [...Object.keys(counters), ...Object.keys(trends)].flatMap((name) => {
    const metric = metrics[name];
    return metric === undefined ? [] : [`${name.padEnd(24)} ${valueText(metric.values)}`];
  });
  const crossed = Object.entries(metrics).flatMap(([name, { thresholds = {} }]) =>
    Object.entries(thresholds).flatMap(([rule, { ok }]) => (ok ? [] : [`crossed: ${name} ${rule}`])),
  );
  return [...lines, ...crossed].join('\n');
}

function valueText(values: Metric['values']): string {
  if (values['count'] !== undefined && values['med'] === undefined) return String(values['count']);
  return ['med', 'p(95)', 'p(99)', 'max']
    .map((stat) => `${stat} ${(values[stat] ?? 0).toFixed(1)} ms`)
    .join(', ');
}
