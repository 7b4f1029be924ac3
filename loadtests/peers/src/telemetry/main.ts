import { openScope, type Scope } from '@sluice/testkit';
import type { TelemetryOptions, TelemetryRun } from '../../telemetry-options.mjs';
import { createProgress } from '../bench/progress.ts';
import { peersError } from '../errors.ts';
import { describeMachine } from '../results/machine.ts';
import { originLine } from '../results/origin-line.ts';
import { writeResults } from '../results/results.ts';
import { describeVersions } from '../results/versions.ts';
import { untilToldToEnd } from '../until-told-to-end.ts';
import { measureRound, type MeasuredRound } from './measure-round.ts';
import { summarizeTelemetry, type TelemetryResults, type TelemetryRound } from './telemetry-results.ts';
import { telemetryTable } from './telemetry-table.ts';

const exitCodes = { measured: 0, unsound: 1, tooDear: 2 };
/** How many times `off` a delivery may cost with metrics and 1 % of traces. */
const bar = 1.05;

/** Does what the command line asks for; resolves to the exit code. */
export async function main({ options }: TelemetryRun): Promise<number> {
  if (process.platform !== 'linux') {
    process.stderr.write(`${peersError('not_linux').message}\n`);
    return exitCodes.unsound;
  }
  return await untilToldToEnd(async (scope, signal) => {
    const results = await measureAll(scope, options, signal);
    if (signal.aborted) return exitCodes.unsound;
    process.stdout.write(`${telemetryTable(results)}\n\n${originLine(results)}\n`);
    if (!results.isMeasurement) process.stdout.write('These figures are no measurement.\n');
    process.stdout.write(`Every round: ${options.out}\n`);
    if (!results.rounds.every((round) => isSound(round, options))) return exitCodes.unsound;
    return options.check && !holdsBar(results) ? exitCodes.tooDear : exitCodes.measured;
  });
}

async function measureAll(
  scope: Scope,
  options: TelemetryOptions,
  signal: AbortSignal,
): Promise<TelemetryResults> {
  const before = {
    format: 'sluice-telemetry-1',
    isMeasurement: !options.quick && options.profileFolder === undefined,
    startedAt: new Date().toISOString(),
    options,
    versions: describeVersions(),
    machine: describeMachine(),
  } as const;
  const rounds: TelemetryRound[] = [];
  const results = (): TelemetryResults => ({
    ...before,
    finishedAt: new Date().toISOString(),
    summary: summarizeTelemetry(options.settings, rounds),
    rounds,
  });
  const progress = createProgress(process.stderr, process.env);
  for (let round = 1; round <= options.rounds; round += 1) {
    const startedAt = new Date().toISOString();
    progress.begin(`round ${round}`, round - 1, options.rounds);
    const measured = await measureAlone(scope, options, (phase) => progress.phase(phase));
    if (signal.aborted) break;
    progress.end({ figures: shortly(measured), faults: measured.faults });
    rounds.push({ round, startedAt, ...measured });
    // Written each time, so that a run that is broken off has been worth its time.
    writeResults(options.out, results());
  }
  return results();
}

async function measureAlone(
  scope: Scope,
  options: TelemetryOptions,
  onPhase: (phase: string) => void,
): Promise<MeasuredRound> {
  const own = openScope();
  // Where everything ends at once, this round does.
  scope.onClose(() => own.close());
  try {
    return await measureRound(own, options, onPhase);
  } catch (error) {
    return { figures: {}, faults: [`failed: ${String(error)}`], verdict: undefined, latencyMs: undefined };
  } finally {
    await own.close();
  }
}

function shortly({ figures }: MeasuredRound): Record<string, number> {
  const all = Object.entries(figures).map(([name, its]) => [name, its.gatewayCpuUsPerDelivery] as const);
  return Object.fromEntries(all);
}

/** Nothing may be lost, doubled or out of order on the shortest run and the busiest machine. */
function isSound({ faults, verdict }: TelemetryRound, { quick }: TelemetryOptions): boolean {
  if (verdict === undefined || Object.values(verdict).some((count) => count > 0)) return false;
  return quick || faults.length === 0;
}

function holdsBar({ summary }: TelemetryResults): boolean {
  const dearest = summary.find(({ setting }) => setting === '1%')?.timesOff.median;
  return dearest !== undefined && dearest <= bar;
}
