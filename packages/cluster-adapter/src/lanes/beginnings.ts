import { comparePositions } from '../position.ts';
import { origin, type ClusterLog, type Position } from '../log/cluster-log.ts';
import type { Followed } from './followed.ts';

/** Where sessions begin on a node that may be behind the log, and not know it. */
export class Beginnings {
  readonly #log: Pick<ClusterLog, 'tails' | 'end'>;
  readonly #all: () => Followed;
  #asked: Promise<Position | undefined> | undefined;

  /** @param all what every socket of the namespace hears from its beginning on */
  constructor(log: Pick<ClusterLog, 'tails' | 'end'>, all: () => Followed) {
    this.#log = log;
    this.#all = all;
  }

  /**
   * Resolves to the log's end where this node has yet to hand out something that was said to all before this call, and to
   * undefined where it is not behind: its own cursor is as good then. Asked once for all who ask in the same tick. Rejects
   * as the log does.
   */
  ahead(): Promise<Position | undefined> {
    this.#asked ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#asked = undefined;
        resolve(this.#ask());
      });
    });
    return this.#asked;
  }

  async #ask(): Promise<Position | undefined> {
    const all = this.#all();
    const [tail = origin] = await this.#log.tails([all.topic]);
    return comparePositions(tail, all.last) > 0 ? (await this.#log.end()).position : undefined;
  }
}
