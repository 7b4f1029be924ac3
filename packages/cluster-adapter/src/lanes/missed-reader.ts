import type { Context } from '@opentelemetry/api';
import { within } from '@sluice/telemetry';
import { comparePositions, laterOf } from '../position.ts';
import type { ClusterLog, LogEnd, Position, Topic } from '../log/cluster-log.ts';
import { CatchUp, type MissedTopic } from './catch-up.ts';
import type { Followed } from './followed.ts';
import type { Lane } from './lane.ts';
import type { LogGap, TopicEntry } from './merged-read.ts';
import { readTails } from './read-tails.ts';
import { clusterTopic } from './topic.ts';

/** Whose, and from where on. */
export interface Absence {
  readonly sid: string;
  /** With the positions at which they were joined. */
  readonly rooms: ReadonlyMap<string, Position>;
  /** Everything up to here it has had. */
  readonly from: Position;
  /** Of its namespace and its own room nothing before this is for it. */
  readonly start: Position;
  /** The log's end, asked since its client is back. */
  readonly end: LogEnd;
  /** What this is part of, where that is recorded. */
  readonly held: Context | undefined;
}

/** What a session missed, and all that is needed to go on from there. */
export interface Missed {
  readonly entries: readonly TopicEntry[];
  readonly catchUp: CatchUp;
  /** False where there is more than fits: the rest is served from the log once it is connected. */
  readonly complete: boolean;
  readonly gaps: readonly LogGap[];
  /** Of each topic, what came before what it missed. */
  readonly after: ReadonlyMap<Topic, Position>;
  /** Everything up to here has been given to it by now. */
  readonly given: () => Position;
  /** Followed for its sake. */
  readonly followed: readonly Followed[];
}

// What is read before a client is told that it has recovered; more is read once it is connected.
const prefetchBytes = 256 * 1024;

/** Reads what sessions missed. */
export class MissedReader {
  readonly #log: ClusterLog;
  readonly #lane: Lane;
  readonly #follow: (room: string | undefined) => Followed;

  /** @param follow a room's topic, or the namespace's */
  constructor(log: ClusterLog, lane: Lane, follow: (room: string | undefined) => Followed) {
    this.#log = log;
    this.#lane = lane;
    this.#follow = follow;
  }

  /** Until nothing goes missing behind its back: what is gone then shows as a gap in what is read. */
  async read(absence: Absence): Promise<Missed> {
    for (;;) {
      const missed = await this.#readOnce(absence);
      if (!missed.catchUp.isTorn) return missed;
      this.release(missed);
    }
  }

  release({ catchUp, followed }: Pick<Missed, 'catchUp' | 'followed'>): void {
    catchUp.close();
    for (const one of followed) this.#lane.unfollow(one);
  }

  /** Follows what the session heard, and reads what it missed. */
  async #readOnce({ sid, rooms, from, start, end, held }: Absence): Promise<Missed> {
    const followed: Followed[] = [];
    const log = this.#log;
    const catchUp = new CatchUp({ read: (...page) => within(held, () => log.read(...page)) }, this.#lane);
    const entries: TopicEntry[] = [];
    const gaps: LogGap[] = [];
    const after = new Map<Topic, Position>();
    try {
      const topics: MissedTopic[] = [undefined, sid, ...rooms.keys()].map((room) => {
        const one = this.#follow(room);
        followed.push(one);
        const since = room === undefined || room === sid ? start : (rooms.get(room) ?? start);
        const beginning = laterOf(since, from);
        after.set(one.topic, beginning);
        return { followed: one, after: beginning };
      });
      if (!(await this.#areHeard(followed, end))) await this.#lane.settle();
      let bytes = 0;
      const complete = await catchUp.read(topics, {
        take(topic, entry) {
          if (bytes > prefetchBytes) return false;
          bytes += entry.body.length;
          entries.push({ topic, entry });
          return true;
        },
        gap: (gap) => void gaps.push(gap),
      });
      const given = (): Position => laterOf(catchUp.cursor, from);
      return { entries, catchUp, complete, gaps, after, followed, given };
    } catch (error) {
      this.release({ catchUp, followed });
      throw error;
    }
  }

  /**
   * What is read has to end at one place for all topics, and hold everything that was said before the client came back, commands
   * to sockets included. Resolves, once all are live, to whether that is so in this moment: all have handed out what they had
   * when this was called, and those that were not live then had nothing beyond `end`, which was asked before.
   */
  async #areHeard(followed: readonly Followed[], end: LogEnd): Promise<boolean> {
    const commands = this.#lane.find(clusterTopic);
    const all = commands === undefined ? followed : [...followed, commands];
    const opening = all.filter(({ live }) => !live);
    const [tails] = await Promise.all([readTails(this.#log, all), ...all.map(({ ready }) => ready)]);
    const isBehind = all.some(({ last }, index) => comparePositions(last, tails[index] ?? last) < 0);
    return !isBehind && opening.every(({ last }) => comparePositions(last, end.position) <= 0);
  }
}
