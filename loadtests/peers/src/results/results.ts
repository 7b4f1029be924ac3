import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { BenchOptions, PeerName, WorkName } from '../../options.mjs';
import { peersError } from '../errors.ts';
import type { Machine } from './machine.ts';
import type { Versions } from './versions.ts';

/** One thing measured once, with what came of it. */
export interface TrialResult {
  readonly work: WorkName;
  readonly peer: PeerName;
  readonly nodes: number;
  readonly round: number;
  readonly startedAt: string;
  /** Empty where the figures can be relied on. */
  readonly faults: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
}

/** Medians over the rounds without faults; over all of them where every one has faults. */
export interface SummaryRow {
  readonly work: WorkName;
  readonly peer: PeerName;
  readonly nodes: number;
  readonly rounds: number;
  readonly faultyRounds: number;
  readonly figures: Readonly<Record<string, Spread>>;
  /** Medians as multiples of the reference's (results/figures.ts), where it makes sense and that was measured too. */
  readonly ratios: Readonly<Record<string, number>>;
}

export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Changes with every change that older readers of the file would stumble over. */
export const resultsFormat = 'sluice-peers-1';

/** What a results file holds. */
export interface BenchResults {
  readonly format: typeof resultsFormat;
  /** False where the figures are no measurement: too short, or profiled. */
  readonly isMeasurement: boolean;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly options: BenchOptions;
  readonly versions: Versions;
  readonly machine: Machine;
  readonly summary: readonly SummaryRow[];
  readonly trials: readonly TrialResult[];
}

export function writeResults(path: string, results: object): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(results, undefined, 2)}\n`);
}

/** Throws `results_unusable`. */
export function readResults(path: string): BenchResults {
  let results: Partial<BenchResults>;
  try {
    results = JSON.parse(readFileSync(path, 'utf8')) as Partial<BenchResults>;
  } catch (cause) {
    throw peersError('results_unusable', { cause });
  }
  if (results.format !== resultsFormat) throw peersError('results_unusable');
  return results as BenchResults;
}
