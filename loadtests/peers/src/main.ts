import { openScope } from '@sluice/testkit';
import type { BenchOptions, Request } from '../options.mjs';
import { createProgress } from './bench/progress.ts';
import { runBench } from './bench/run-bench.ts';
import { peersError } from './errors.ts';
import { describeMachine } from './results/machine.ts';
import { resultTable } from './results/result-table.ts';
import { writeResults, type BenchResults, type TrialResult } from './results/results.ts';
import { summarize } from './results/summarize.ts';
import { describeVersions } from './results/versions.ts';

const exitCodes = { measured: 0, unsound: 1 };

/** Does what the command line asks for; resolves to the exit code. */
export async function main({ options }: Extract<Request, { kind: 'run' }>): Promise<number> {
  if (process.platform !== 'linux') throw peersError('not_linux');
  const scope = openScope();
  const leave = (): void => {
    void scope.close().finally(() => process.exit(exitCodes.unsound));
  };
  process.once('SIGINT', leave);
  process.once('SIGTERM', leave);
  try {
    const results = await measureAll(scope, options);
    process.stdout.write(`${resultTable(results)}\n\n`);
    if (!results.isMeasurement) process.stdout.write('These figures are no measurement.\n');
    process.stdout.write(`Every round: ${options.out}\n`);
    return results.trials.every((trial) => isSound(trial, options)) ? exitCodes.measured : exitCodes.unsound;
  } finally {
    await scope.close();
  }
}

async function measureAll(scope: ReturnType<typeof openScope>, options: BenchOptions): Promise<BenchResults> {
  const before = {
    format: 'sluice-peers-1',
    isMeasurement: !options.quick && options.profileFolder === undefined,
    startedAt: new Date().toISOString(),
    options,
    versions: describeVersions(),
    machine: describeMachine(),
  } as const;
  const resultsOf = (trials: readonly TrialResult[]): BenchResults => ({
    ...before,
    finishedAt: new Date().toISOString(),
    summary: summarize(trials),
    trials,
  });
  const progress = createProgress(process.stderr, process.env);
  // Written each time, so that a run that is broken off has been worth its time.
  const keep = (trials: readonly TrialResult[]): void => writeResults(options.out, resultsOf(trials));
  return resultsOf(await runBench(scope, options, progress, keep));
}

/** Of our own driver nothing may be lost, doubled or out of order, on the shortest run and the busiest machine. */
function isSound({ peer, figures, faults }: TrialResult, { quick }: BenchOptions): boolean {
  const broken = ['lost', 'duplicated', 'inversions', 'disagreements'].some(
    (name) => (figures[name] ?? 0) > 0,
  );
  const failed = Object.keys(figures).length === 0;
  return !failed && !(peer === 'lanes' && broken) && (quick || faults.length === 0);
}
