import type { PeerName, WorkName } from '../../options.mjs';
import { againstBest, againstBestTitle, hasPeers } from './against-best.ts';
import { works, type Figure } from './figures.ts';
import { originLine } from './origin-line.ts';
import type { BenchResults, SummaryRow } from './results.ts';

const missing = '-';

interface Section {
  readonly title: string;
  readonly lines: readonly Line[];
}

/** A figure of a work, on all numbers of nodes. */
interface Line {
  readonly work: WorkName;
  readonly figure: Figure;
}

/**
 * The results for a page: how many times the floor's a figure is where it has one to compare with, the figure itself elsewhere,
 * and what was counted; a column per peer, and the numbers of nodes in one cell.
 */
export function markdownTable(results: BenchResults): string {
  const { summary, isMeasurement, options } = results;
  const peers = [...new Set(summary.map(({ peer }) => peer))];
  const lines = [...new Set(summary.map(({ work }) => work))].flatMap((work) =>
    works[work].figures.map((figure): Line => ({ work, figure })),
  );
  const isRatio = ({ work, figure }: Line): boolean =>
    rowsOf(summary, work).some(({ peer, ratios }) => peer !== 'floor' && ratios[figure.name] !== undefined);
  const counts = lines.filter(({ figure }) => figure.kind === 'count');
  const others = lines.filter(({ figure }) => figure.kind !== 'count');
  const withFloor = others.filter((line) => works[line.work].reference === 'floor' && isRatio(line));
  const somethingCounted = counts.filter((line) => hasAny(summary, line));
  const sections: Section[] = [
    { title: 'times the floor', lines: withFloor },
    { title: 'in figures', lines: others.filter((line) => !withFloor.includes(line)) },
    { title: 'counted', lines: somethingCounted },
  ];
  const nothing = counts.filter((line) => !somethingCounted.includes(line) && isMeasured(summary, line));
  const blocks = [
    ...sections
      .filter((section) => section.lines.length > 0)
      .map((section) => sectionTable(section, summary, peers)),
    ...(nothing.length === 0 ? [] : [`None with anybody: ${namesOf(nothing)}.`]),
    ...faultyRounds(summary),
    `${originLine(results).replace('\n', '. ')}. ${roundsText(summary)}`,
    ...(options.leftOut === undefined ? [] : [options.leftOut]),
    ...(isMeasurement ? [] : ['These figures are no measurement.']),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function sectionTable(
  { title, lines }: Section,
  summary: readonly SummaryRow[],
  peers: readonly PeerName[],
): string {
  const isRatio = title === 'times the floor';
  const shown = isRatio ? peers.filter((peer) => peer !== 'floor') : peers;
  const isCompared = hasPeers(summary);
  const header = [title, ...shown, ...(isCompared ? [againstBestTitle] : [])];
  const body = lines
    .filter((line) => isMeasured(summary, line))
    .map(({ work, figure }) => {
      const rows = rowsOf(summary, work);
      const nodes = [...new Set(rows.map((row) => row.nodes))];
      const overNodes = (text: (rows: readonly SummaryRow[]) => string | undefined): string =>
        nodes.map((count) => text(rows.filter((row) => row.nodes === count)) ?? missing).join(' / ');
      const cell = (peer: PeerName): string =>
        overNodes((own) => {
          const row = own.find((candidate) => candidate.peer === peer);
          if (isRatio) return row?.ratios[figure.name]?.toFixed(2);
          return row?.figures[figure.name]?.median.toFixed(figure.digits);
        });
      return [
        `${work}: ${figure.title}; ${nodes.join(' / ')} ${nodes.join() === '1' ? 'node' : 'nodes'}`,
        ...shown.map(cell),
        ...(isCompared ? [overNodes((own) => againstBest(own, figure))] : []),
      ];
    });
  return [header, header.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function rowsOf(summary: readonly SummaryRow[], work: WorkName): SummaryRow[] {
  return summary.filter((row) => row.work === work);
}

function isMeasured(summary: readonly SummaryRow[], { work, figure }: Line): boolean {
  return rowsOf(summary, work).some(({ figures }) => figures[figure.name] !== undefined);
}

function hasAny(summary: readonly SummaryRow[], { work, figure }: Line): boolean {
  return rowsOf(summary, work).some(({ figures }) => (figures[figure.name]?.median ?? 0) > 0);
}

function namesOf(lines: readonly Line[]): string {
  const byFigure = new Map<string, WorkName[]>();
  for (const { work, figure } of lines) {
    byFigure.set(figure.title, [...(byFigure.get(figure.title) ?? []), work]);
  }
  return [...byFigure].map(([title, own]) => `${title} (${own.join(', ')})`).join('; ');
}

function faultyRounds(summary: readonly SummaryRow[]): string[] {
  const faulty = summary.filter((row) => row.faultyRounds > 0);
  if (faulty.length === 0) return [];
  const texts = faulty.map(
    ({ work, peer, nodes, faultyRounds: count, rounds }) =>
      `${work}, ${peer}, ${nodes} nodes: ${count} of ${rounds}`,
  );
  return [`Rounds that were not valid: ${texts.join('; ')}.`];
}

function roundsText(summary: readonly SummaryRow[]): string {
  const rounds = Math.max(...summary.map((row) => row.rounds));
  return rounds === 1 ? 'One round.' : `Medians of ${rounds} rounds.`;
}
