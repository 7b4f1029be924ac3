import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withScope, type Scope } from '@sluice/testkit';
import type { PlannedRun, RunRequest } from '../../load-options.mjs';
import type { ClusterUnderTest, WatchedProcess } from './cluster/cluster-under-test.ts';
import { startControlServer } from './cluster/control-server.ts';
import { reachGivenCluster } from './cluster/given-cluster.ts';
import { startOwnCluster } from './cluster/own-cluster.ts';
import { runK6 } from './k6/run-k6.ts';
import type { Progress } from './progress.ts';
import { renderReport } from './report/render-report.ts';
import { addToTable } from './results-table.ts';
import type { RunResult } from './run-result.ts';
import { watchProcesses } from './watch-processes.ts';

export interface RunContext {
  readonly request: RunRequest;
  /** The program. */
  readonly k6: string;
  readonly progress: Progress;
  /** Aborted where the run is to be cut short. */
  readonly signal: AbortSignal;
  /** What the caller ends with everything. */
  readonly scope: Scope;
}

/** Runs one scenario against a cluster of its own, or the given one, and leaves report, summary and a line in the table. */
export async function runScenario(run: PlannedRun, context: RunContext): Promise<RunResult> {
  return await withScope(async (scope) => {
    context.scope.onClose(() => scope.close());
    const { request, k6, progress, signal } = context;
    progress.begin(run.name, expectedMsOf(run));
    if (request.target === undefined) progress.say('starting a cluster');
    const cluster = await clusterFor(scope, request);
    const control = await startControlServer(scope, cluster.controls);
    signal.throwIfAborted();
    const folder = makeFolder(request.out, run.name);
    const generator: WatchedProcess[] = [];
    const watch = watchProcesses(() => [...cluster.processes(), ...generator]);
    scope.onClose(() => watch.stop());
    const startedAt = Date.now();
    progress.begin(run.name, expectedMsOf(run));
    const ended = await runK6(scope, {
      k6,
      request,
      run,
      cluster,
      controlUrl: control.url,
      folder,
      signal,
      onStarted: (pid) => generator.push({ name: 'k6', pid }),
      onFrames: (frames) => progress.frames(frames),
    });
    const endedAt = Date.now();
    watch.stop();
    const result: RunResult = {
      ...ended,
      run,
      command: commandOf(run, request),
      cluster: cluster.description,
      startedAt,
      endedAt,
      faults: control.faults,
      usage: watch.samples,
      counted: await cluster.counted(),
      isCutShort: signal.aborted,
      passed: ended.summary.sluice.passed && !signal.aborted,
      folder,
    };
    writeFileSync(join(folder, 'report.html'), renderReport(result));
    writeFileSync(join(folder, 'complaints.txt'), ended.complaints.map((text) => `${text}\n`).join(''));
    addToTable(request.out, result);
    progress.end(result);
    return result;
  });
}

async function clusterFor(scope: Scope, request: RunRequest): Promise<ClusterUnderTest> {
  const { target, nodes, driver } = request;
  return target === undefined
    ? await startOwnCluster(scope, { nodes, driver })
    : await reachGivenCluster(scope, target, request);
}

function expectedMsOf({ size }: PlannedRun): number {
  return ((size['GATHER_SECONDS'] ?? 0) + (size['SECONDS'] ?? 0)) * 1_000;
}

function makeFolder(out: string, name: string): string {
  mkdirSync(out, { recursive: true });
  const moment = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  // Where another run began in the same second.
  for (let number = 1; ; number++) {
    const folder = join(out, `${moment}-${name}${number === 1 ? '' : `-${number}`}`);
    try {
      mkdirSync(folder);
      return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** How to make the run again. */
function commandOf({ name, given }: PlannedRun, { target, nodes, driver }: RunRequest): string {
  const size = Object.entries(given).map(([variable, value]) => `${variable}=${value}`);
  const own = [`--nodes ${nodes}`, ...(driver === undefined ? [] : [`--driver ${driver}`])];
  const words = ['npm run load --', name, ...size, ...(target === undefined ? own : [`TARGET=${target}`])];
  return words.join(' ');
}
