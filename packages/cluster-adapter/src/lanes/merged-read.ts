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

  async fill(log: ReadPort): Promise<void> {
    this.page = await log.read(this.topic, this.last, pageEntries, this.until);
    this.at = 0;
    if (this.page.length < pageEntries) this.ended = true;
  }
}

/**
 * Reads several topics in the one order of the log, page by page, and proves that nothing is missing: a break in a
 * topic's chain, or an end short of `until`, is told as a gap at its place. Rejects as the log's `read` does.
 */
export async function* readMerged(log: ReadPort, ranges: readonly TopicRange[]): AsyncGenerator<Reading> {
  let cursors = ranges.map((range) => new Cursor(range)).filter((cursor) => !cursor.ended);
  while (cursors.length > 0) {
    await Promise.all(
      cursors.filter(({ head, ended }) => head === undefined && !ended).map((cursor) => cursor.fill(log)),
    );
    // As long as every topic that may have more has something to compare.
    for (;;) {
      let next: Cursor | undefined;
      let starved = false;
      for (const cursor of cursors) {
        if (cursor.head === undefined) starved ||= !cursor.ended;
        else if (next?.head === undefined || comparePositions(cursor.head.position, next.head.position) < 0)
          next = cursor;
      }
      if (starved || next?.head === undefined) break;
      const entry = next.head;
      // A first entry that follows nothing began its log anew; what the log forgot before is told elsewhere.
      if (entry.previous !== origin && comparePositions(entry.previous, next.last) > 0)
        yield { kind: 'gap', topic: next.topic, from: next.last, to: entry.position, isEnd: false };
      next.last = entry.position;
      next.at += 1;
      yield { kind: 'entry', topic: next.topic, entry };
    }
    const finished = cursors.filter(({ head, ended }) => head === undefined && ended);
    for (const { topic, last, until, ends } of finished) {
      if (ends && comparePositions(last, until) < 0)
        yield { kind: 'gap', topic, from: last, to: until, isEnd: true };
    }
    cursors = cursors.filter((cursor) => !finished.includes(cursor));
  }
}
