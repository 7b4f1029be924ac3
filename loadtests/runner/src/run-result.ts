import type { PlannedRun } from '../../load-options.mjs';
import type { GatewayCount } from './cluster/cluster-under-test.ts';
import type { FaultSpan } from './cluster/control-server.ts';
import type { K6Result } from './k6/run-k6.ts';
import type { UsageSample } from './watch-processes.ts';

/** All there is to say of a run. */
export interface RunResult extends K6Result {
  readonly run: PlannedRun;
  /** How to make it again. */
  readonly command: string;
  /** Of the cluster, for people. */
  readonly cluster: string;
  /** Milliseconds since the epoch, of k6 alone. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly faults: readonly FaultSpan[];
  readonly usage: readonly UsageSample[];
  readonly counted: readonly GatewayCount[];
  /** Whether it was ended before its time: then nothing is proved. */
  readonly isCutShort: boolean;
  readonly passed: boolean;
  /** Where its files are. */
  readonly folder: string;
}
