import { openScope, type Scope } from '@sluice/testkit';
import type { BenchOptions, PeerName, WorkName } from '../../options.mjs';
import type { TrialResult } from '../results/results.ts';
import { arrangeFanout, arrangeFlat, arrangeGateway, arrangeRooms } from './delivery-setting.ts';
import { measureDelivery } from './measure-delivery.ts';
import { measureIdle } from './measure-idle.ts';
import { measureQuiet } from './measure-quiet.ts';
import { measureReady } from './measure-ready.ts';
import { arrangeCrash, arrangeStorm, measureReturn } from './measure-return.ts';
import type { Progress } from './progress.ts';
import type { Measure, Measured, Trial } from './trial.ts';

const measures: Readonly<Record<WorkName, Measure>> = {
  rooms: measureDelivery(arrangeRooms),
  fanout: measureDelivery(arrangeFanout),
  flat: measureDelivery(arrangeFlat),
  idle: measureIdle,
  storm: measureReturn(arrangeStorm),
  crash: measureReturn(arrangeCrash),
  quiet: measureQuiet,
  ready: measureReady,
  gateway: measureDelivery(arrangeGateway),
};

/**
 * All that is to be measured, in order: rounds outside, so that what changes on the machine meanwhile meets every peer; and
 * peers inside, each time another one first, so that none always follows the same one.
 */
export function planTrials(options: BenchOptions): Trial[] {
  return Array.from({ length: options.rounds }, (_, index) => index + 1).flatMap((round) =>
    options.works.flatMap((work) =>
      nodesOf(work, options).flatMap((nodes) =>
        rotated(peersOf(work, options), round - 1).map((peer) => ({ work, peer, nodes, round })),
      ),
    ),
  );
}

function nodesOf(work: WorkName, { nodes, returnNodes }: BenchOptions): readonly number[] {
  switch (work) {
    case 'rooms':
    case 'flat':
    case 'gateway':
      return nodes;
    case 'fanout':
    case 'idle':
      return [Math.min(...nodes)];
    case 'storm':
    case 'crash':
    case 'quiet':
      return [returnNodes];
    case 'ready':
      return [1];
  }
}

/** Whole gateways are ours: there is neither a floor nor another server of the kind. */
function peersOf(work: WorkName, { peers }: BenchOptions): readonly PeerName[] {
  if (work !== 'ready' && work !== 'gateway') return peers;
  return peers.filter((peer) => peer !== 'floor' && peer !== 'centrifugo');
}

/**
 * Measures one trial after the other. One that fails is a trial with a fault, and the others go on. Once `signal` aborts, the
 * trial under way does not count any more, and none follows.
 */
export async function runBench(
  scope: Scope,
  options: BenchOptions,
  progress: Progress,
  signal: AbortSignal,
  onResult: (results: readonly TrialResult[]) => void,
): Promise<TrialResult[]> {
  const trials = planTrials(options);
  const results: TrialResult[] = [];
  for (const [index, trial] of trials.entries()) {
    const startedAt = new Date().toISOString();
    const { round, work, peer, nodes } = trial;
    progress.begin(`round ${round}: ${work}, ${peer}, ${nodes} nodes`, index, trials.length);
    const measured = await measureAlone(scope, trial, options, progress);
    if (signal.aborted) break;
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
  const first = by % Math.max(1, items.length);
  return [...items.slice(first), ...items.slice(0, first)];
}
