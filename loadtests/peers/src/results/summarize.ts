import { works } from './figures.ts';
import type { Spread, SummaryRow, TrialResult } from './results.ts';
import { median } from './statistics.ts';

type Spreads = Readonly<Record<string, Spread>>;

/** Medians of the rounds of each work, peer and number of nodes, in the order in which they first appear. */
export function summarize(trials: readonly TrialResult[]): SummaryRow[] {
  const groups = new Map<string, TrialResult[]>();
  for (const trial of trials) {
    const key = `${trial.work} ${trial.nodes} ${trial.peer}`;
    groups.set(key, [...(groups.get(key) ?? []), trial]);
  }
  const rows = [...groups.values()].map((group) => {
    const { work, peer, nodes } = group[0] as TrialResult;
    const faultyRounds = group.filter(({ faults }) => faults.length > 0).length;
    return { work, peer, nodes, rounds: group.length, faultyRounds, figures: spreadOf(group) };
  });
  return rows.map((row) => ({ ...row, ratios: ratios(row, referenceOf(row, rows)?.figures ?? {}) }));
}

type Row = Omit<SummaryRow, 'ratios'>;

function referenceOf({ work, peer, nodes }: Row, rows: readonly Row[]): Row | undefined {
  const candidates = rows.filter((row) => row.work === work);
  switch (works[work].reference) {
    case 'floor':
      return candidates.find((row) => row.peer === 'floor' && row.nodes === nodes);
    case 'fewest nodes':
      return candidates.filter((row) => row.peer === peer).toSorted((a, b) => a.nodes - b.nodes)[0];
    case undefined:
      return undefined;
  }
}

function spreadOf(group: readonly TrialResult[]): Record<string, Spread> {
  const faultless = group.filter(({ faults }) => faults.length === 0);
  const sound = faultless.length === 0 ? group : faultless;
  const names = new Set(sound.flatMap(({ figures }) => Object.keys(figures)));
  return Object.fromEntries(
    [...names].map((name) => {
      const values = sound.map(({ figures }) => figures[name]).filter((value) => value !== undefined);
      const spread = {
        median: median(values),
        lowest: Math.min(...values),
        highest: Math.max(...values),
      };
      return [name, spread];
    }),
  );
}

function ratios({ work, figures }: Row, reference: Spreads): Record<string, number> {
  const compared = works[work].figures.filter(({ kind }) => kind === 'compared');
  const pairs = compared.flatMap(({ name }): [string, number][] => {
    const [mine, other] = [figures[name]?.median, reference[name]?.median];
    // Where what the reference spends is lost in the noise, there is nothing to be a multiple of.
    return mine === undefined || other === undefined || other <= 0 ? [] : [[name, mine / other]];
  });
  return Object.fromEntries(pairs);
}
