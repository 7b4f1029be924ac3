import type { ClusterLog, Position } from '../log/cluster-log.ts';
import type { Followed } from './followed.ts';

const tailsAtOnce = 1_000;

/** The ends of topics, in their order, so many with each question to the log. */
export async function readTails(log: ClusterLog, topics: readonly Followed[]): Promise<Position[]> {
  const tails: Position[] = [];
  for (let from = 0; from < topics.length; from += tailsAtOnce) {
    const some = topics.slice(from, from + tailsAtOnce).map(({ topic }) => topic);
    tails.push(...(await log.tails(some)));
  }
  return tails;
}
