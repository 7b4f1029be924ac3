import { comparePositions } from '../position.ts';
import { origin, type ClusterLog, type LogEntry, type Position, type Topic } from '../log/cluster-log.ts';

export interface TopicRange {
  readonly topic: Topic;
  /** What follows this position is read, … */
  readonly after: Position;
  /** … up to and including this one. */
  readonly until: Position;
  /** True where `until` is the topic's last entry, so that an end before it shows that something is missing. */
  readonly ends: boolean;
}

export interface TopicEntry {
  readonly topic: Topic;
  readonly entry: LogEntry;
}

/** Entries that should be there and are not: trimmed, or lost by the store. */
export interface LogGap {
  readonly topic: Topic;
  readonly from: Position;
  readonly to: Position;
  /** The last that is missing. */
  readonly through: Position;
  /** True where nothing after `from` is left to read. */
  readonly isEnd: boolean;
}

export type Reading =
  | { readonly kind: 'entry'; readonly topic: Topic; readonly entry: LogEntry }
  | ({ readonly kind: 'gap' } & LogGap);

type ReadPort = Pick<ClusterLog, 'read'>;

// Pages are small because an entry may be large: a page of a room is held in memory.
const pageEntries = 100;

class Cursor {
  readonly topic: Topic;
  readonly until: Position;
  readonly ends: boolean;
  last: Position;
  page: LogEntry[] = [];
  at = 0;
  ended: boolean;

  constructor({ topic, after, until, ends }: TopicRange) {
    this.topic = topic;
    this.until = until;
    this.ends = ends;
    this.last = after;
    this.ended = comparePositions(after, until) >= 0;
  }

  get head(): LogEntry | undefined {
    return this.page[this.at];
  }

  /** What is missing before the next entry, or before the end. Told once. */
  missing(): LogGap | undefined {
    const { head, topic, last: from } = this;
    if (head !== undefined) {
      // An entry that follows nothing began its log anew; what the log forgot before is told elsewhere.
      if (head.previous === origin || comparePositions(head.previous, from) <= 0) return undefined;
      this.last = head.previous;
      return { topic, from, to: head.position, through: head.previous, isEnd: false };
    }
    if (!this.ended || !this.ends || comparePositions(from, this.until) >= 0) return undefined;
    this.last = this.until;
    return { topic, from, to: this.until, through: this.until, isEnd: true };
  }

  async fill(log: ReadPort): Promise<void> {
    this.page = await log.read(this.topic, this.last, pageEntries, this.until);
    this.at = 0;
    if (this.page.length < pageEntries) this.ended = true;
  }
}

/**
 * Reads several topics in the one order of the log, page by page, and proves that nothing is missing: a break in a
 * topic's chain, or an end short of `until`, is told as a gap, before what follows it. What is missing at a topic's
 * beginning, which is where logs are trimmed, is told before anything else. Rejects as the log's `read` does.
 */
export async function* readMerged(log: ReadPort, ranges: readonly TopicRange[]): AsyncGenerator<Reading> {
  let cursors = ranges.map((range) => new Cursor(range)).filter((cursor) => !cursor.ended);
  while (cursors.length > 0) {
    const empty = cursors.filter(({ head, ended }) => head === undefined && !ended);
    await Promise.all(empty.map((cursor) => cursor.fill(log)));
    for (const cursor of empty) {
      const gap = cursor.missing();
      if (gap !== undefined) yield { kind: 'gap', ...gap };
    }
    // As long as every topic that may have more has something to compare.
    for (let next = earliest(cursors); next?.head !== undefined; next = earliest(cursors)) {
      const entry = next.head;
      const gap = next.missing();
      if (gap !== undefined) yield { kind: 'gap', ...gap };
      next.last = entry.position;
      next.at += 1;
      yield { kind: 'entry', topic: next.topic, entry };
    }
    const finished = cursors.filter(({ head, ended }) => head === undefined && ended);
    for (const cursor of finished) {
      const gap = cursor.missing();
      if (gap !== undefined) yield { kind: 'gap', ...gap };
    }
    cursors = cursors.filter((cursor) => !finished.includes(cursor));
  }
}

/** The topic with the earliest entry at hand; none where one that may have an earlier one has nothing at hand. */
function earliest(cursors: readonly Cursor[]): Cursor | undefined {
  let first: Cursor | undefined;
  for (const cursor of cursors) {
    const { head } = cursor;
    if (head === undefined) {
      if (!cursor.ended) return undefined;
    } else if (first?.head === undefined || comparePositions(head.position, first.head.position) < 0) {
      first = cursor;
    }
  }
  return first;
}
