import { comparePositions, laterOf } from '../position.ts';
import { origin, type ClusterLog, type LogEntry, type Position, type Topic } from '../log/cluster-log.ts';
import type { Followed } from './followed.ts';
import type { Lane } from './lane.ts';
import { readMerged, type LogGap } from './merged-read.ts';
import type { Tap } from './tap.ts';

/** A topic and where its reading begins: what was before has been had, or is not to be had. */
export interface MissedTopic {
  readonly followed: Followed;
  readonly after: Position;
}

export interface CatchUpSink {
  /** Takes an entry, and resolves once there is room for the next; to false where it wants no more. */
  take(topic: Topic, entry: LogEntry): boolean | Promise<boolean>;
  gap(gap: LogGap): void;
}

/**
 * What somebody missed, in the order of the log: read up to where this node is, then joined without a seam to what it
 * hands out meanwhile. Used for a session that comes back and for a consumer that was too slow.
 */
export class CatchUp {
  readonly #log: Pick<ClusterLog, 'read'>;
  readonly #lane: Lane;
  #cursor: Position = origin;
  #tap: Tap | undefined;
  /** Of each topic, what is not to be given. */
  #after: ReadonlyMap<Topic, Position> = new Map();

  constructor(log: Pick<ClusterLog, 'read'>, lane: Lane) {
    this.#log = log;
    this.#lane = lane;
  }

  /** Everything up to here has been taken, of what was asked for. */
  get cursor(): Position {
    return this.#cursor;
  }

  /** True where something went missing among what has been handed out since the last `read`. */
  get isTorn(): boolean {
    return this.#tap?.isTorn === true;
  }

  /** Reads into `sink` all that the topics, each of them live, had when this was called. Resolves to false where it wanted no more. */
  async read(topics: readonly MissedTopic[], sink: CatchUpSink): Promise<boolean> {
    this.close();
    // In one tick: what is handed out from now on is tapped, what was before is read.
    this.#tap = this.#lane.tap(topics.map(({ followed }) => followed));
    this.#after = new Map(topics.map(({ followed, after }) => [followed.topic, after]));
    const ranges = topics.map(({ followed: { topic, last, lastIsEntry }, after }) => ({
      topic,
      after: laterOf(after, this.#cursor),
      until: last,
      ends: lastIsEntry,
    }));
    for await (const reading of readMerged(this.#log, ranges)) {
      if (reading.kind === 'gap') sink.gap(reading);
      else if (!(await this.#give(reading.topic, reading.entry, sink))) return false;
    }
    return true;
  }

  /**
   * Gives `sink` what was handed out since `read`, and ends. To be called in the tick in which the consumer goes live.
   * Returns false where that is not all, and another `read` is needed.
   */
  finish(sink: { take(topic: Topic, entry: LogEntry): void }): boolean {
    const tap = this.#tap;
    if (tap === undefined || tap.overflowed) return false;
    for (const { topic, entry } of tap.entries) {
      if (comparePositions(entry.position, this.#cursor) <= 0) continue;
      // The node may have been behind where this begins.
      if (comparePositions(entry.position, this.#after.get(topic) ?? origin) <= 0) continue;
      sink.take(topic, entry);
      this.#cursor = entry.position;
    }
    this.close();
    return true;
  }

  close(): void {
    this.#tap?.close();
    this.#tap = undefined;
  }

  /** An entry of several topics is taken once. */
  async #give(topic: Topic, entry: LogEntry, sink: CatchUpSink): Promise<boolean> {
    if (comparePositions(entry.position, this.#cursor) <= 0) return true;
    if (!(await sink.take(topic, entry))) return false;
    this.#cursor = entry.position;
    return true;
  }
}
