import type { SeededRandom } from './seeded-random.ts';

/** What is done to a cluster and its clients, in the order of the verdict's table, and how often beside each other. */
const weights = {
  'gateway killed': 2,
  'gateway frozen': 2,
  'redis killed': 1,
  'redis frozen': 1,
  'redis link cut': 3,
  'redis link stalled': 2,
  'redis link half-open': 2,
  'redis link slow': 1,
  'client link cut': 4,
  'client link stalled': 2,
  'client link half-open': 3,
  'client link slow': 2,
  'client link refused': 2,
  'quick reconnects': 4,
  'cut in mid-recovery': 5,
  'slow consumer': 3,
  'room trimmed': 2,
} as const;

export type FaultKind = keyof typeof weights;

export const faultKinds = Object.keys(weights) as FaultKind[];

export interface PlannedFault {
  readonly kind: FaultKind;
  /** After the beginning of the run. */
  readonly atMs: number;
  /** For choices that depend on what is there when it is due. */
  readonly random: SeededRandom;
}

const meanPauseMs = 300;
/** The first faults fall on a cluster in which everybody is at home. */
const firstMs = 300;

/** Draws the faults of a run of `durationMs`, of any kind or of `kinds` alone; the same seed draws the same. */
export function planFaults(
  random: SeededRandom,
  durationMs: number,
  kinds: readonly FaultKind[] = faultKinds,
): PlannedFault[] {
  const urn = kinds.flatMap((kind) => Array.from({ length: weights[kind] }, () => kind));
  const plan: PlannedFault[] = [];
  if (urn.length === 0) return plan;
  for (let atMs = firstMs; atMs < durationMs; atMs += random.whole(meanPauseMs / 4, meanPauseMs * 1.75)) {
    plan.push({ kind: random.pick(urn), atMs, random: random.fork() });
  }
  return plan;
}
