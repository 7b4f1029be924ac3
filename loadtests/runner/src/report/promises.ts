import { valueOf, type Summary } from '../k6/summary.ts';

/** Something that must never happen, and how often it did. */
export interface PromiseRow {
  readonly metric: string;
  /** In a column's head. */
  readonly title: string;
  readonly meaning: string;
  readonly count: number;
}

const promises = [
  [
    'sluice_lost',
    'lost',
    'owed to a receiver and not heard, or heard or acknowledged and not in the history',
  ],
  ['sluice_duplicated', 'duplicated', 'heard again'],
  ['sluice_out_of_order', 'out of order', 'heard after what follows it'],
  ['sluice_stray', 'stray', 'heard by somebody who is not in the room'],
  ['sluice_false_recovery', 'falsely recovered', '“recovered” was said, and something did not come'],
] as const;

export function promiseRows(summary: Summary): PromiseRow[] {
  return promises.map(([metric, title, meaning]) => ({
    metric,
    title,
    meaning,
    count: valueOf(summary, metric, 'count'),
  }));
}
