import { readFileSync } from 'node:fs';
import type { Outcome } from './outcome.ts';

interface MetricSummary {
  readonly values: Readonly<Record<string, number>>;
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
}

/** What a scenario writes at its end (loadtests/summary.ts), as far as it is used here. */
export interface Summary {
  readonly metrics: Readonly<Record<string, MetricSummary>>;
  readonly sluice: Outcome;
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
