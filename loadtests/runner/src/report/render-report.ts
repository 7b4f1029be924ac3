import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { repositoryPath } from '@sluice/testkit';
import { limitText } from '../k6/outcome.ts';
import type { RunResult } from '../run-result.ts';
import { bandsOf, chartsOf } from './chart-data.ts';
import { countRows, latenessWarning, timeRows } from './key-figures.ts';
import { memoryRows } from './memory-rows.ts';
import { describeOrigin } from './origin.ts';
import { promiseRows } from './promises.ts';
import { verdictOf } from './verdict.ts';

const shownComplaints = 40;

/** The report of a run: one file that needs nothing else, for light and dark, whose tables can be read without scripts. */
export function renderReport(result: RunResult): string {
  const { run, summary, frames, usage, faults, complaints, endedAt } = result;
  const { word, sentence } = verdictOf(result);
  const warning = latenessWarning(summary);
  const limit = limitText(summary.sluice);
  const data = { charts: chartsOf(frames, usage), bands: bandsOf(faults, endedAt) };
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(`${run.name}: ${word}`)}</title>
<style>${uPlotFile('uPlot.min.css')}${pageFile('report.css')}</style>
<header class="${word}">
  <p class="verdict">${escaped(word)}</p>
  <h1>${escaped(run.name)}</h1>
  <p class="proves">${escaped(run.proves)}</p>
</header>
<main>
<p class="sentence">${escaped(sentence)}</p>
${limit === undefined ? '' : `<p class="note">It ${escaped(limit)}.</p>`}
${warning === undefined ? '' : `<p class="note">${escaped(warning)}</p>`}
<section class="promises">
${promiseRows(summary)
  .map(
    ({ title, meaning, count }) =>
      `<div class="${count === 0 ? 'kept' : 'broken'}" title="${escaped(meaning)}"><b>${shown(count)}</b>${escaped(title)}</div>`,
  )
  .join('\n')}
</section>
<section id="charts" aria-label="Charts over time"></section>
<noscript>The charts need JavaScript; the tables below have the figures.</noscript>
<section class="tables">
${table(
  ['within, ms', 'half of them', '95 of 100', '99 of 100', 'all'],
  timeRows(summary).map(({ title, medianMs, p95Ms, p99Ms, maxMs }) => [
    title,
    ...[medianMs, p95Ms, p99Ms, maxMs].map((ms) => ms.toFixed(ms < 10 ? 1 : 0)),
  ]),
)}
${table(
  ['how many', ''],
  countRows(summary).map(({ title, count }) => [title, shown(count)]),
)}
${table(['what had to hold', 'measured', ''], thresholdRows(result))}
${table(['size', '', ''], sizeRows(result))}
${memoryTable(result)}
${countedTable(result)}
</section>
${complaintList(complaints)}
<footer>${describeOrigin(result).map(escaped).join('<br>')}</footer>
</main>
<script>${uPlotFile('uPlot.iife.min.js')}</script>
<script type="application/json" id="data">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>
<script>${pageFile('report.js')}</script>
</html>
`;
}

function thresholdRows({ summary }: RunResult): string[][] {
  return Object.entries(summary.metrics).flatMap(([metric, { values, thresholds = {} }]) =>
    Object.entries(thresholds).map(([rule, { ok }]) => {
      const aggregate = /^[\w()]+/.exec(rule)?.[0] ?? '';
      const measured = values[aggregate];
      return [`${metric} ${rule}`, measured === undefined ? '' : shown(measured), ok ? 'held' : 'crossed'];
    }),
  );
}

function sizeRows({ run: { size, given } }: RunResult): string[][] {
  return Object.entries(size).map(([name, value]) => [name, String(value), name in given ? 'given' : '']);
}

function memoryTable({ usage }: RunResult): string {
  const rows = memoryRows(usage);
  if (rows.length === 0) return '';
  return table(
    ['memory, MB', 'second quarter', 'last quarter'],
    rows.map(({ name, earlyMb, lateMb }) => [name, shown(earlyMb), shown(lateMb)]),
  );
}

function countedTable({ counted }: RunResult): string {
  if (counted.length === 0) return '';
  return table(
    ['what the gateways counted, since each began', ''],
    counted.map(({ title, count }) => [title, shown(count)]),
  );
}

function complaintList(complaints: readonly string[]): string {
  if (complaints.length === 0) return '';
  const more = complaints.length - shownComplaints;
  const items = complaints.slice(0, shownComplaints).map((text) => `<li>${escaped(text)}</li>`);
  return `<section><h2>What was complained of</h2><ol class="complaints">${items.join('\n')}</ol>${
    more > 0 ? `<p>and ${more} more, in complaints.txt</p>` : ''
  }</section>`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const body = rows.map((cells) => tableRow(cells, 'td')).join('\n');
  return `<div class="scroll"><table><thead>${tableRow(head, 'th')}</thead><tbody>${body}</tbody></table></div>`;
}

function tableRow(cells: readonly string[], tag: 'th' | 'td'): string {
  const drawn = cells.map((cell) => {
    const style = cell === 'crossed' ? ' class="crossed"' : '';
    return `<${tag}${style}>${escaped(cell)}</${tag}>`;
  });
  return `<tr>${drawn.join('')}</tr>`;
}

function shown(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 1 });
}

function pageFile(name: string): string {
  return readFileSync(repositoryPath(`loadtests/runner/page/${name}`), 'utf8');
}

function uPlotFile(name: string): string {
  const folder = dirname(createRequire(import.meta.url).resolve('uplot'));
  return readFileSync(join(folder, name), 'utf8');
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
