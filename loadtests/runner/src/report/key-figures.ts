import { valueOf, type Summary } from '../k6/summary.ts';

/** A count, with its name. */
export interface CountRow {
  readonly title: string;
  readonly count: number;
}

const counts = [
  ['sluice_finished', 'members who did all they were to do, and checked it'],
  ['sluice_sent', 'texts acknowledged'],
  ['sluice_heard', 'messages heard'],
  ['sluice_replayed', 'of these, brought by a recovery'],
  ['sluice_recovered', 'returns with the session and all that was missed'],
  ['sluice_fresh', 'returns that had to begin anew'],
  ['sluice_gaps', 'gaps told'],
  ['sluice_refused', 'requests and handshakes refused; tried again where that was allowed'],
  ['sluice_unfinished', 'members who gave up'],
  ['sluice_failed', 'faults at the members’ own end'],
] as const;

export function countRows(summary: Summary): CountRow[] {
  return counts.map(([metric, title]) => ({ title, count: valueOf(summary, metric, 'count') }));
}

/** A time, by what share of its measurements lay within. */
export interface TimeRow {
  readonly title: string;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const times = [
  ['sluice_connect_ms', 'connecting'],
  ['sluice_ack_ms', 'acknowledging a text'],
  ['sluice_delivery_ms', 'hearing a text'],
  ['sluice_delivery_ms{reader:fast}', '… by those who read fast'],
  ['sluice_delivery_ms{reader:slow}', '… by those who read slowly'],
  ['sluice_return_ms', 'returning after a loss'],
  ['sluice_lateness_ms', 'how late k6’s own timers were'],
] as const;

export function timeRows(summary: Summary): TimeRow[] {
  return times.flatMap(([metric, title]) => {
    const values = summary.metrics[metric]?.values;
    if (values === undefined || valueOf(summary, metric, 'max') === 0) return [];
    const of = (aggregate: string): number => values[aggregate] ?? 0;
    return [{ title, medianMs: of('med'), p95Ms: of('p(95)'), p99Ms: of('p(99)'), maxMs: of('max') }];
  });
}

/** From here on k6 itself is so late that the times say little of the cluster. */
const lateFromMs = 100;

/** A warning where this machine was too busy to measure; undefined where it was not. */
export function latenessWarning(summary: Summary): string | undefined {
  const p95Ms = valueOf(summary, 'sluice_lateness_ms', 'p(95)');
  if (p95Ms < lateFromMs) return undefined;
  return `k6 itself was late, by ${Math.round(p95Ms)} ms at p95: it had too little of the processor, and the times say little of the cluster.`;
}
