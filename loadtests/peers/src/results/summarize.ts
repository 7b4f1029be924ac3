import type { PeerName } from '../../options.mjs';
import { works } from './figures.ts';
import type { Spread, SummaryRow, TrialResult } from './results.ts';
import { median } from './statistics.ts';

/** Medians of the rounds of each work, peer and number of nodes, in the order in which they first appear. */
export function summarize(trials: readonly TrialResult[]): SummaryRow[] {
  const groups = new Map<string, TrialResult[]>();
  for (const trial of trials) {
    const key = keyOf(trial, trial.peer);
    groups.set(key, [...(groups.get(key) ?? []), trial]);
  }
  const spreads = new Map([...groups].map(([key, group]) => [key, spreadOf(group)]));
  return [...groups].map(([key, group]) => {
    const first = group[0] as TrialResult;
    const { work, peer, nodes } = first;
    const figures = spreads.get(key) ?? {};
    return {
      work,
      peer,
      nodes,
      rounds: group.length,
      faultyRounds: group.filter(({ faults }) => faults.length > 0).length,
      figures,
      toFloor: ratios(work, figures, spreads.get(keyOf(first, 'floor')) ?? {}),
    };
  });
}

function keyOf({ work, nodes }: TrialResult, peer: PeerName): string {
  return `${work} ${nodes} ${peer}`;
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

function ratios(
  work: TrialResult['work'],
  figures: Readonly<Record<string, Spread>>,
  floor: Readonly<Record<string, Spread>>,
): Record<string, number> {
  const comparable = works[work].figures.filter((figure) => figure.comparable);
  const pairs = comparable.flatMap(({ name }): [string, number][] => {
    const [mine, lowest] = [figures[name]?.median, floor[name]?.median];
    return mine === undefined || !lowest ? [] : [[name, mine / lowest]];
  });
  return Object.fromEntries(pairs);
}
