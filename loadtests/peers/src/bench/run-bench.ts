import { openScope, type Scope } from '@sluice/testkit';
import type { BenchOptions, WorkName } from '../../options.mjs';
import type { TrialResult } from '../results/results.ts';
import { measureDelivery } from './measure-delivery.ts';
import type { Progress } from './progress.ts';
import type { Measure, Measured, Trial } from './trial.ts';

const measures: Readonly<Record<WorkName, Measure>> = {
  rooms: measureDelivery,
};

/**
 * All that is to be measured, in order: rounds outside, so that what changes on the machine meanwhile meets every peer; and
 * peers inside, each time another one first, so that none always follows the same one.
 */
export function planTrials({ rounds, works, nodes, peers }: BenchOptions): Trial[] {
  return Array.from({ length: rounds }, (_, index) => index + 1).flatMap((round) =>
    works.flatMap((work) =>
      nodes.flatMap((count) =>
        rotated(peers, round - 1).map((peer) => ({ work, peer, nodes: count, round })),
      ),
    ),
  );
}

/** Measures one trial after the other. One that fails is a trial with a fault, and the others go on. */
export async function runBench(
  scope: Scope,
  options: BenchOptions,
  progress: Progress,
  onResult: (results: readonly TrialResult[]) => void,
): Promise<TrialResult[]> {
  const trials = planTrials(options);
  const results: TrialResult[] = [];
  for (const [index, trial] of trials.entries()) {
    const startedAt = new Date().toISOString();
    progress.begin(trial, index, trials.length);
    const measured = await measureAlone(scope, trial, options, progress);
    progress.end(measured);
    results.push({ ...trial, startedAt, ...measured });
    onResult(results);
  }
  return results;
}

async function measureAlone(
  scope: Scope,
  trial: Trial,
  options: BenchOptions,
  progress: Progress,
): Promise<Measured> {
  const own = openScope();
  // Where everything ends at once, this trial does.
  scope.onClose(() => own.close());
  try {
    return await measures[trial.work](trial, {
      options,
      scope: own,
      onPhase: (phase) => progress.phase(phase),
    });
  } catch (error) {
    return { figures: {}, faults: [`failed: ${String(error)}`] };
  } finally {
    await own.close();
  }
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const first = by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}
