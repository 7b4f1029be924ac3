import type { FaultKind } from './fault-plan.ts';
import type { RecordedHistory } from './recorded-history.ts';
import type { Violation, ViolationKind } from './violation.ts';

export interface ChaosCounts {
  /** Different messages. */
  readonly published: number;
  readonly acknowledged: number;
  readonly receipts: number;
  readonly reconnections: number;
  /** Reconnections that were recovered. */
  readonly recovered: number;
  /** Reconnections that were not. */
  readonly fresh: number;
  /** Fresh sessions by the reason that the server gave, `not said` where it gave none. */
  readonly freshReasons: Readonly<Record<string, number>>;
  readonly gapsSaid: number;
  /** Messages missing, those of unsaid gaps included. */
  readonly lost: number;
  /** Violations of each kind. */
  readonly violations: Readonly<Partial<Record<ViolationKind, number>>>;
}

export interface ChaosReport {
  readonly seed: number;
  readonly injected: Readonly<Partial<Record<FaultKind, number>>>;
  readonly counts: ChaosCounts;
  readonly violations: readonly Violation[];
  /** What was still open when everything had been sound again for long enough. */
  readonly unsettled: readonly string[];
  /** The shortest history that shows the first violation, for people. */
  readonly shortest: string | undefined;
  readonly history: RecordedHistory;
}

/** True where every promise was kept and nobody was left waiting. */
export function isSound({ violations, unsettled }: ChaosReport): boolean {
  return violations.length === 0 && unsettled.length === 0;
}

export function countHistory({ events }: RecordedHistory, violations: readonly Violation[]): ChaosCounts {
  const published = new Set<string>();
  const acknowledged = new Set<string>();
  const freshReasons: Record<string, number> = {};
  const counts = { receipts: 0, reconnections: 0, recovered: 0, fresh: 0, gapsSaid: 0 };
  for (const event of events) {
    if (event.kind === 'publish-sent') published.add(event.clientId);
    else if (event.kind === 'publish-acknowledged') acknowledged.add(event.clientId);
    else if (event.kind === 'heard') counts.receipts += 1;
    else if (event.kind === 'gap-said') counts.gapsSaid += 1;
    else if (event.kind === 'connected' && event.connection > 1) {
      counts.reconnections += 1;
      counts[event.recovered ? 'recovered' : 'fresh'] += 1;
    } else if (event.kind === 'ready' && event.connection > 1 && !event.recovered) {
      tally(freshReasons, event.reason ?? 'not said');
    }
  }
  const ofKinds: Partial<Record<ViolationKind, number>> = {};
  for (const { kind } of violations) tally(ofKinds, kind);
  const missing = violations.filter(({ kind }) => kind === 'lost' || kind === 'unsaid-gap');
  return {
    ...counts,
    published: published.size,
    acknowledged: acknowledged.size,
    freshReasons,
    lost: missing.reduce((sum, { ids }) => sum + ids.length, 0),
    violations: ofKinds,
  };
}

/** Adds one to what `counts` has of `name`. */
export function tally<Name extends string>(counts: Partial<Record<Name, number>>, name: Name, by = 1): void {
  counts[name] = (counts[name] ?? 0) + by;
}
