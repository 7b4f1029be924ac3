import { tally, type ChaosCounts, type ChaosReport } from './chaos-report.ts';
import { faultKinds, type FaultKind } from './fault-plan.ts';
import { violationKinds } from './violation.ts';

export interface TableOptions {
  readonly colors: boolean;
}

const red = 31;
const green = 32;

/** What all runs together amount to, for people. */
export function verdictTable(reports: readonly ChaosReport[], options: TableOptions): string {
  const paint = (text: string, color: number): string =>
    options.colors ? `\u001B[${color}m${text}\u001B[0m` : text;
  const injected: Partial<Record<FaultKind, number>> = {};
  for (const report of reports) {
    for (const kind of faultKinds) tally(injected, kind, report.injected[kind]);
  }
  const sum = (of: (counts: ChaosCounts) => number): number =>
    reports.reduce((total, { counts }) => total + of(counts), 0);
  const breaches: Array<readonly [string, number]> = [
    ['lost', sum(({ lost }) => lost)],
    ...violationKinds
      .filter((kind) => kind !== 'lost')
      .map((kind) => [breachNames[kind], sum(({ violations }) => violations[kind] ?? 0)] as const),
    ['unsettled', reports.reduce((total, { unsettled }) => total + unsettled.length, 0)],
  ];
  return [
    ...faultKinds.map((kind) => row(kind, injected[kind] ?? 0)),
    '',
    row(
      'published',
      sum(({ published }) => published),
    ),
    row(
      'acknowledged',
      sum(({ acknowledged }) => acknowledged),
    ),
    row(
      'receipts',
      sum(({ receipts }) => receipts),
    ),
    row(
      'reconnections',
      sum(({ reconnections }) => reconnections),
    ),
    row(
      'recovered',
      sum(({ recovered }) => recovered),
    ),
    `${row(
      'fresh sessions',
      sum(({ fresh }) => fresh),
    )}${freshReasons(reports)}`,
    row(
      'gaps said',
      sum(({ gapsSaid }) => gapsSaid),
    ),
    '',
    ...breaches.map(([name, n]) => paint(row(name, n), n === 0 ? green : red)),
  ].join('\n');
}

const breachNames = {
  lost: 'lost',
  'unsaid-gap': 'unsaid gaps',
  duplicated: 'duplicated',
  reordered: 'reordered',
  'not-in-history': 'not in the history',
  'not-recovered': 'not recovered in time',
} as const;

function row(name: string, n: number): string {
  return `  ${name.padEnd(24)}${String(n).padStart(9)}`;
}

function freshReasons(reports: readonly ChaosReport[]): string {
  const reasons: Record<string, number> = {};
  for (const { counts } of reports) {
    for (const [reason, n] of Object.entries(counts.freshReasons)) tally(reasons, reason, n);
  }
  const named = Object.entries(reasons).map(([reason, n]) => `${reason}: ${n}`);
  return named.length === 0 ? '' : `  (${named.join(', ')})`;
}
