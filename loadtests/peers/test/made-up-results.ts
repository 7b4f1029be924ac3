import { parseOptions, type PeerName, type WorkName } from '../options.mjs';
import { resultsFormat, type BenchResults, type TrialResult } from '../src/results/results.ts';
import { summarize } from '../src/results/summarize.ts';

export interface MadeUpTrial {
  readonly work?: WorkName;
  readonly peer: PeerName;
  readonly nodes?: number;
  readonly faults?: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
}

export function madeUpTrials(trials: readonly MadeUpTrial[]): TrialResult[] {
  return trials.map((trial, index) => ({
    work: 'rooms',
    nodes: 2,
    round: index + 1,
    startedAt: '2026-01-01T00:00:00.000Z',
    faults: [],
    ...trial,
  }));
}

/** Results of made-up trials, on a made-up machine. */
export function madeUpResults(made: readonly MadeUpTrial[]): BenchResults {
  const request = parseOptions([], '/', '/out.json');
  if (request.kind !== 'run') throw new Error('no options');
  const trials = madeUpTrials(made);
  return {
    format: resultsFormat,
    isMeasurement: true,
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T01:00:00.000Z',
    options: request.options,
    versions: { node: 'v20.20.2', redis: '7.0.15', packages: {}, commit: undefined, changedSince: false },
    machine: {
      cpus: 2,
      model: 'A & B <fast>',
      memoryBytes: 1,
      kernel: '6',
      loadAverageBefore: [0, 0, 0],
    },
    summary: summarize(trials),
    trials,
  };
}
