import { writeFileSync } from 'node:fs';
import type { Scope } from '@sluice/testkit';
import type { BenchOptions, Pages, RunRequest, ShowRequest } from '../options.mjs';
import { createProgress } from './bench/progress.ts';
import { runBench } from './bench/run-bench.ts';
import { peersError } from './errors.ts';
import { describeMachine } from './results/machine.ts';
import { markdownTable } from './results/markdown-table.ts';
import { originLine } from './results/origin-line.ts';
import { renderChart } from './results/render-chart.ts';
import { resultTable } from './results/result-table.ts';
import {
  readResults,
  resultsFormat,
  writeResults,
  type BenchResults,
  type TrialResult,
} from './results/results.ts';
import { summarize } from './results/summarize.ts';
import { describeVersions } from './results/versions.ts';
import { untilToldToEnd } from './until-told-to-end.ts';

const exitCodes = { measured: 0, unsound: 1 };

/** Does what the command line asks for; resolves to the exit code. */
export async function main(request: RunRequest | ShowRequest): Promise<number> {
  try {
    if (request.kind === 'show') {
      show(readResults(request.from), request.pages);
      return exitCodes.measured;
    }
    return await measure(request);
  } catch (error) {
    if (!peersError.is(error)) throw error;
    process.stderr.write(`${error.message}\n`);
    return exitCodes.unsound;
  }
}

async function measure({ options, pages }: RunRequest): Promise<number> {
  if (process.platform !== 'linux') throw peersError('not_linux');
  return await untilToldToEnd(async (scope, signal) => {
    const results = await measureAll(scope, options, signal);
    if (signal.aborted) return exitCodes.unsound;
    show(results, pages);
    process.stdout.write(`Every round: ${options.out}\n`);
    return results.trials.every((trial) => isSound(trial, options)) ? exitCodes.measured : exitCodes.unsound;
  });
}

async function measureAll(scope: Scope, options: BenchOptions, signal: AbortSignal): Promise<BenchResults> {
  const before = {
    format: resultsFormat,
    isMeasurement: !options.quick && options.profileFolder === undefined,
    startedAt: new Date().toISOString(),
    options,
    versions: describeVersions(options.centrifugo),
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
  return resultsOf(await runBench(scope, options, progress, signal, keep));
}

function show(results: BenchResults, { chart, markdown }: Pages): void {
  process.stdout.write(`${resultTable(results)}\n\n`);
  process.stdout.write(`${originLine(results)}\n`);
  if (results.options.leftOut !== undefined) process.stdout.write(`${results.options.leftOut}\n`);
  if (!results.isMeasurement) process.stdout.write('These figures are no measurement.\n');
  if (chart !== undefined) {
    writeFileSync(chart, renderChart(results));
    process.stdout.write(`Chart: ${chart}\n`);
  }
  if (markdown !== undefined) {
    writeFileSync(markdown, markdownTable(results));
    process.stdout.write(`Markdown: ${markdown}\n`);
  }
}

/** Of our own driver nothing may be lost, doubled or out of order, on the shortest run and the busiest machine. */
function isSound({ peer, figures, faults }: TrialResult, { quick }: BenchOptions): boolean {
  const errors = ['lost', 'duplicated', 'inversions', 'disagreements', 'falselyRecovered'];
  const broken = errors.some((name) => (figures[name] ?? 0) > 0);
  const failed = Object.keys(figures).length === 0;
  return !failed && !(peer === 'lanes' && broken) && (quick || faults.length === 0);
}
