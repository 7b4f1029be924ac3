import type { Scope } from '@sluice/testkit';
import type { BenchOptions, PeerName, WorkName } from '../../options.mjs';

/** One thing measured once. */
export interface Trial {
  readonly work: WorkName;
  readonly peer: PeerName;
  readonly nodes: number;
  /** From 1 on. */
  readonly round: number;
}

export interface Measured {
  /** By name, as results/figures.ts has them. */
  readonly figures: Readonly<Record<string, number>>;
  /** Why the figures are not to be relied on; none where they are. */
  readonly faults: readonly string[];
}

export interface TrialContext {
  readonly options: BenchOptions;
  /** Ends what the trial starts. */
  readonly scope: Scope;
  readonly onPhase: (phase: string) => void;
}

export type Measure = (trial: Trial, context: TrialContext) => Promise<Measured>;
