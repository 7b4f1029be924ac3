import { readFileSync } from 'node:fs';

interface MetricSummary {
  readonly values: Readonly<Record<string, number>>;
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
}

/** A threshold that did not hold. */
interface Crossing {
  readonly metric: string;
  readonly rule: string;
}

interface Load {
  readonly members: number;
  readonly textsPerSecond: number;
  readonly deliveriesPerSecond: number;
}

/** In a run that raises the load: where it broke. */
export interface Break {
  readonly step: number;
  readonly crossed: readonly Crossing[];
  readonly load: Load;
  readonly held?: Load;
}

/** What a scenario writes at its end (loadtests/summary.ts), as far as it is used here. */
export interface Summary {
  readonly metrics: Readonly<Record<string, MetricSummary>>;
  readonly state: { readonly testRunDurationMs: number };
  readonly sluice: {
    readonly passed: boolean;
    readonly crossed: readonly Crossing[];
    readonly broke?: Break;
  };
}

/** Undefined where k6 has written none. */
export function readSummary(path: string): Summary | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Summary;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** 0 for what was not measured. */
export function valueOf(summary: Summary, metric: string, aggregate: string): number {
  return summary.metrics[metric]?.values[aggregate] ?? 0;
}

function loadText({ members, textsPerSecond, deliveriesPerSecond }: Load): string {
  const [texts, deliveries] = [textsPerSecond, deliveriesPerSecond].map((rate) =>
    Math.round(rate).toLocaleString('en'),
  );
  return `${members} members, ${texts} texts/s, ${deliveries} deliveries/s`;
}

/** What broke first, and what held. */
export function breakText({ step, crossed, load, held }: Break): string {
  const first = crossed.map(({ metric, rule }) => `${metric.replace(/\{.*/, '')} ${rule}`).join(' and ');
  const before = held === undefined ? 'nothing less was tried' : `${loadText(held)} held`;
  return `broke first in step ${step}, at ${loadText(load)}: ${first}; ${before}`;
}
