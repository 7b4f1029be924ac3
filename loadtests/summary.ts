import { counters, trends } from './metrics.ts';
import { limitText, type Break, type Crossing, type Load, type Outcome } from './runner/src/k6/outcome.ts';
import { summaryPath } from './settings.ts';

interface Metric {
  readonly values: Readonly<Record<string, number>>;
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
}

/** What k6 hands over at the end of a run, as far as it is used here. */
export interface SummaryData {
  readonly metrics: Readonly<Record<string, Metric>>;
}

/** k6's hook at the end of a run, for scenarios to export: our metrics on the terminal, and everything as JSON. */
export function handleSummary(data: SummaryData): Record<string, string> {
  return summarize(data);
}

/** A scenario that raises the load. */
export interface Steps {
  readonly count: number;
  /** What a step asks for; the first is 1. */
  readonly loadOf: (step: number) => Load;
}

/** The same for a scenario of steps. */
export function summarize(data: SummaryData, steps?: Steps): Record<string, string> {
  const outcome = outcomeOf(data, steps);
  const file =
    summaryPath === undefined ? {} : { [summaryPath]: JSON.stringify({ ...data, sluice: outcome }) };
  return { stdout: `${summaryText(data, outcome)}\n`, ...file };
}

function outcomeOf({ metrics }: SummaryData, steps: Steps | undefined): Outcome {
  const crossed = Object.entries(metrics).flatMap(([metric, { thresholds = {} }]) =>
    Object.entries(thresholds).flatMap(([rule, { ok }]): Crossing[] => (ok ? [] : [{ metric, rule }])),
  );
  const passed = crossed.every((crossing) => steps !== undefined && stepOf(crossing) !== undefined);
  if (steps === undefined) return { passed, crossed };
  const { count, loadOf } = steps;
  const broke = firstBreak(crossed, loadOf);
  if (broke !== undefined) return { passed, crossed, broke };
  // Who came in the last step took some time to connect.
  const isComplete = (metrics[`sluice_connect_ms{step:${count}}`]?.values['max'] ?? 0) > 0;
  return { passed, crossed, ...(isComplete && { unbroken: loadOf(count) }) };
}

function firstBreak(crossed: readonly Crossing[], loadOf: (step: number) => Load): Break | undefined {
  const ofSteps = crossed.filter((crossing) => stepOf(crossing) !== undefined);
  // Nobody may have seen what broke at the very end.
  const seen = ofSteps.filter(({ metric }) => metric.startsWith('sluice_broke{'));
  const broken = seen.length > 0 ? seen : ofSteps;
  const steps = broken.map(stepOf).filter((step) => step !== undefined);
  if (steps.length === 0) return undefined;
  const step = Math.min(...steps);
  return {
    step,
    metrics: broken
      .filter((crossing) => stepOf(crossing) === step)
      .map(({ metric }) => /of:(\w+)/.exec(metric)?.[1] ?? metric.replace(/\{.*/, '')),
    load: loadOf(step),
    ...(step === 1 ? {} : { held: loadOf(step - 1) }),
  };
}

function stepOf({ metric }: Crossing): number | undefined {
  const digits = /\{step:(\d+)[,}]/.exec(metric)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** A line for each of our metrics, and one for each threshold that was crossed, ours or k6's. */
function summaryText({ metrics }: SummaryData, outcome: Outcome): string {
  const lines = [...Object.keys(counters), ...Object.keys(trends)].flatMap((name) => {
    const metric = metrics[name];
    return metric === undefined ? [] : [`${name.padEnd(24)} ${valueText(metric.values)}`];
  });
  const crossings = outcome.crossed.map(({ metric, rule }) => `crossed: ${metric} ${rule}`);
  const limit = limitText(outcome);
  return [...lines, ...crossings, ...(limit === undefined ? [] : [limit])].join('\n');
}

function valueText(values: Metric['values']): string {
  if (values['count'] !== undefined && values['med'] === undefined) return String(values['count']);
  return ['med', 'p(95)', 'p(99)', 'max']
    .map((stat) => `${stat} ${(values[stat] ?? 0).toFixed(1)} ms`)
    .join(', ');
}
