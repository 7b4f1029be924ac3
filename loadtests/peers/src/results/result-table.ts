import type { WorkName } from '../../options.mjs';
import { againstBest, againstBestTitle, hasPeers } from './against-best.ts';
import { aligned } from './aligned.ts';
import { works, type Figure } from './figures.ts';
import type { BenchResults, SummaryRow } from './results.ts';

const missing = '-';

/**
 * The table for people: per work the ratios to the floor first, then the figures themselves; a column per peer, and one that
 * says by how much ours is not the best of them.
 */
export function resultTable(results: BenchResults): string {
  const names = [...new Set(results.summary.map(({ work }) => work))];
  return names
    .map((work) =>
      workTable(
        work,
        results.summary.filter((row) => row.work === work),
      ),
    )
    .join('\n\n');
}

function workTable(work: WorkName, rows: readonly SummaryRow[]): string {
  const { title, figures, reference } = works[work];
  const peers = [...new Set(rows.map(({ peer }) => peer))];
  const nodes = [...new Set(rows.map((row) => row.nodes))];
  const lines = (shown: readonly Figure[], text: (row: SummaryRow, figure: Figure) => string): string[][] =>
    shown.flatMap((figure) =>
      nodes.map((count) => [
        figure.title,
        String(count),
        ...peers.map((peer) => {
          const row = rows.find((candidate) => candidate.peer === peer && candidate.nodes === count);
          return row === undefined ? missing : text(row, figure);
        }),
      ]),
    );
  const ratios = lines(
    figures.filter(({ kind }) => kind === 'compared'),
    (row, { name }) => textOf(row.ratios[name], 2),
  );
  const absolute = lines(figures, (row, { name, digits }) => textOf(row.figures[name]?.median, digits));
  const against = figures.flatMap((figure) =>
    nodes.map(
      (count) =>
        againstBest(
          rows.filter((row) => row.nodes === count),
          figure,
        ) ?? missing,
    ),
  );
  const hasRatios = rows.some((row) => Object.keys(row.ratios).length > 0);
  const faulty = rows.filter(({ faultyRounds }) => faultyRounds > 0).map(faultyLine);
  const rounds = Math.max(...rows.map((row) => row.rounds));
  return [
    `${title}; ${rounds === 1 ? 'one round' : `medians of ${rounds} rounds`}`,
    ...(hasRatios ? [aligned([[`times the ${reference}`, 'nodes', ...peers], ...ratios])] : []),
    aligned(
      hasPeers(rows)
        ? [
            ['', 'nodes', ...peers, againstBestTitle],
            ...absolute.map((line, index) => [...line, against[index] ?? missing]),
          ]
        : [['', 'nodes', ...peers], ...absolute],
    ),
    ...(faulty.length > 0 ? [faulty.join('\n')] : []),
  ].join('\n\n');
}

function faultyLine({ peer, nodes, faultyRounds, rounds }: SummaryRow): string {
  const usage = faultyRounds < rounds ? 'left out' : 'the figures are not to be relied on';
  return `${peer}, ${nodes} nodes: ${faultyRounds} of ${rounds} rounds not valid; ${usage}`;
}

function textOf(value: number | undefined, digits: number): string {
  return value === undefined || Number.isNaN(value) ? missing : value.toFixed(digits);
}
