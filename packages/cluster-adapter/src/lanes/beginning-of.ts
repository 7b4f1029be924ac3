import { comparePositions } from '../position.ts';
import { origin, type ClusterLog, type Position } from '../log/cluster-log.ts';
import type { Followed } from './followed.ts';

/**
 * Where a session is to begin on a node that may be behind the log, and not know it: resolves to the log's end where the node has
 * yet to hand out something that was said to all before this call, and to undefined where it is not behind: its own cursor is
 * as good then. Rejects as the log does.
 *
 * @param all what every socket of the namespace hears from its beginning on
 */
export async function beginningOf(
  log: Pick<ClusterLog, 'tails' | 'end'>,
  all: Followed,
): Promise<Position | undefined> {
  const [tail = origin] = await log.tails([all.topic]);
  return comparePositions(tail, all.last) > 0 ? (await log.end()).position : undefined;
}
