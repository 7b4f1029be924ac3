import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { valueOf } from './k6/summary.ts';
import { promiseRows } from './report/promises.ts';
import { verdictOf } from './report/verdict.ts';
import type { RunResult } from './run-result.ts';

const columns: readonly (readonly [title: string, read: (result: RunResult, folder: string) => string])[] = [
  ['when', ({ startedAt }) => new Date(startedAt).toISOString().slice(0, 19).replace('T', ' ')],
  ['scenario', ({ run }) => run.name],
  ['came to', (result) => verdictOf(result).word],
  ['seconds', ({ startedAt, endedAt }) => String(Math.round((endedAt - startedAt) / 1_000))],
  ['members', counted('sluice_finished')],
  ['said', counted('sluice_sent')],
  ['heard', counted('sluice_heard')],
  ['recovered', counted('sluice_recovered')],
  [
    'lost / duplicated / out of order / stray / falsely recovered',
    ({ summary }) =>
      promiseRows(summary)
        .map(({ count }) => count)
        .join(' / '),
  ],
  ['heard within, ms, p50 / p95', timed('sluice_delivery_ms')],
  ['acknowledged within, ms, p50 / p95', timed('sluice_ack_ms')],
  [
    'size',
    ({ run }) =>
      Object.entries(run.given)
        .map(([name, value]) => `${name}=${value}`)
        .join(' ') || 'default',
  ],
  ['cluster', ({ cluster }) => cluster],
  ['report', (result, folder) => `[report](${relative(folder, join(result.folder, 'report.html'))})`],
];

/** Adds a line for `result` to the table of all runs in `folder`, `runs.md`, and begins one where there is none. */
export function addToTable(folder: string, result: RunResult): void {
  const path = join(folder, 'runs.md');
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, row(columns.map(([title]) => title)) + row(columns.map(() => '---')));
  }
  appendFileSync(path, row(columns.map(([, read]) => read(result, folder).replaceAll('|', '\\|'))));
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}

function counted(metric: string): (result: RunResult) => string {
  return ({ summary }) => valueOf(summary, metric, 'count').toLocaleString('en');
}

function timed(metric: string): (result: RunResult) => string {
  return ({ summary }) =>
    ['med', 'p(95)'].map((aggregate) => valueOf(summary, metric, aggregate).toFixed(0)).join(' / ');
}
