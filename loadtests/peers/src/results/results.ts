import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { BenchOptions, PeerName, WorkName } from '../../options.mjs';
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
  /** Medians as parts of the floor's; only figures that it makes sense for, and only where the floor was measured. */
  readonly toFloor: Readonly<Record<string, number>>;
}

export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** What a results file holds. */
export interface BenchResults {
  readonly format: 'sluice-peers-1';
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

export function writeResults(path: string, results: BenchResults): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(results, undefined, 2)}\n`);
}
