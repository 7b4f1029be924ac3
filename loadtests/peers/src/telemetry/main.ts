import { openScope, type Scope } from '@sluice/testkit';
import type { SettingName, TelemetryOptions, TelemetryRun } from '../../telemetry-options.mjs';
import { createProgress } from '../bench/progress.ts';
import { peersError } from '../errors.ts';
import { describeMachine } from '../results/machine.ts';
import { originLine } from '../results/origin-line.ts';
import { writeResults } from '../results/results.ts';
import { describeVersions } from '../results/versions.ts';
import { untilToldToEnd } from '../until-told-to-end.ts';
import { compareWithOff } from './compare-with-off.ts';
import { summarizeTelemetry, type TelemetryResults, type TelemetryTrial } from './telemetry-results.ts';
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
    process.stdout.write(`${telemetryTable(results.summary)}\n\n${originLine(results)}\n`);
    if (!results.isMeasurement) process.stdout.write('These figures are no measurement.\n');
    process.stdout.write(`Every round: ${options.out}\n`);
    if (!results.trials.every((trial) => isSound(trial, options))) return exitCodes.unsound;
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
  const trials: TelemetryTrial[] = [];
  const results = (): TelemetryResults => ({
    ...before,
    finishedAt: new Date().toISOString(),
    summary: summarizeTelemetry(trials),
    trials,
  });
  const progress = createProgress(process.stderr, process.env);
  const planned = Array.from({ length: options.rounds }, (_, index) => index + 1).flatMap((round) =>
    options.settings.map((setting) => ({ setting, round })),
  );
  for (const [index, { setting, round }] of planned.entries()) {
    const startedAt = new Date().toISOString();
    progress.begin(`round ${round}: ${setting}`, index, planned.length);
    const measured = await compareAlone(scope, setting, options, (phase) => progress.phase(phase));
    if (signal.aborted) break;
    progress.end({ figures: shortly(measured), faults: measured.faults });
    trials.push({ setting, round, startedAt, ...measured });
    // Written each time, so that a run that is broken off has been worth its time.
    writeResults(options.out, results());
  }
  return results();
}

type Measured = Pick<TelemetryTrial, 'figures' | 'faults'>;

async function compareAlone(
  scope: Scope,
  setting: SettingName,
  options: TelemetryOptions,
  onPhase: (phase: string) => void,
): Promise<Measured> {
  const own = openScope();
  // Where everything ends at once, this trial does.
  scope.onClose(() => own.close());
  try {
    return await compareWithOff(own, setting, options, onPhase);
  } catch (error) {
    return { figures: undefined, faults: [`failed: ${String(error)}`] };
  } finally {
    await own.close();
  }
}

function shortly({ figures }: Measured): Record<string, number> {
  if (figures === undefined) return {};
  const [on, off] = [figures.on.gatewayCpuUsPerDelivery, figures.off.gatewayCpuUsPerDelivery];
  return { 'us/delivery': on, off, '% more': (on / off - 1) * 100 };
}

/** Nothing may be lost, doubled or out of order on the shortest run and the busiest machine. */
function isSound({ faults, figures }: TelemetryTrial, { quick }: TelemetryOptions): boolean {
  if (figures === undefined || Object.values(figures.verdict).some((count) => count > 0)) return false;
  return quick || faults.length === 0;
}

function holdsBar({ summary }: TelemetryResults): boolean {
  const dearest = summary.find(({ setting }) => setting === '1%')?.timesOff.median;
  return dearest !== undefined && dearest <= bar;
}
