import type { PeerName } from '../../options.mjs';
import type { Figure } from './figures.ts';
import type { SummaryRow } from './results.ts';

const ours = 'lanes';
/** The bare wire: what cannot be had is no peer. */
const reference = 'floor';

export const againstBestTitle = `${ours} against the best`;

/** True where there is somebody to be compared with. */
export function hasPeers(rows: readonly SummaryRow[]): boolean {
  const peers = new Set(rows.map(({ peer }) => peer));
  return peers.has(ours) && peers.size > (peers.has(reference) ? 2 : 1);
}

/**
 * By how much ours is not the best in a figure, of which less is better: `best`, which it may be together with others, how
 * many times the best's it is, or where both are counted or there is nothing to be a multiple of, how much more.
 * @param rows of one work on one number of nodes
 */
export function againstBest(rows: readonly SummaryRow[], figure: Figure): string | undefined {
  const values = rows.flatMap(({ peer, figures }): { peer: PeerName; value: number }[] => {
    const value = figures[figure.name]?.median;
    return value === undefined || Number.isNaN(value) || peer === reference ? [] : [{ peer, value }];
  });
  const mine = values.find(({ peer }) => peer === ours)?.value;
  const [best] = values.filter(({ peer }) => peer !== ours).toSorted((a, b) => a.value - b.value);
  if (mine === undefined || best === undefined) return undefined;
  if (mine <= best.value) return 'best';
  if (figure.kind === 'count' || best.value <= 0) {
    return `${(mine - best.value).toFixed(figure.digits)} more than ${best.peer}`;
  }
  return `${(mine / best.value).toFixed(2)} × ${best.peer}`;
}
