import type { LogEntry, Topic } from '../log/cluster-log.ts';
import type { TopicEntry } from './merged-read.ts';

// What comes beyond this while delivery is held is dropped, and read from the log afterwards.
const maxBytes = 16 * 1024 * 1024;

/** What is heard while delivery is held. */
export class HeldEntries {
  #entries: TopicEntry[] = [];
  #bytes = 0;
  #overflowed = false;

  get entries(): readonly TopicEntry[] {
    return this.#entries;
  }

  push(topic: Topic, entry: LogEntry): void {
    this.#entries.push({ topic, entry });
    this.#bytes += entry.body.length;
    if (this.#bytes <= maxBytes) return;
    this.#overflowed = true;
    this.#entries = [];
    this.#bytes = 0;
  }

  /** True where something has been dropped since this was asked last. */
  tookTooMuch(): boolean {
    const overflowed = this.#overflowed;
    this.#overflowed = false;
    return overflowed;
  }
}
