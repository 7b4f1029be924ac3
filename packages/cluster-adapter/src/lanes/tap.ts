import type { LogEntry, Topic } from '../log/cluster-log.ts';
import type { Followed } from './followed.ts';
import type { TopicEntry } from './merged-read.ts';

const maxBytes = 1024 * 1024;

/** What is handed out to some topics while somebody reads what was before. */
export class Tap {
  readonly #topics: readonly Followed[];
  #entries: TopicEntry[] = [];
  #bytes = 0;
  #overflowed = false;
  #torn = false;

  constructor(topics: readonly Followed[]) {
    this.#topics = topics;
    for (const followed of topics) (followed.taps ??= new Set()).add(this);
  }

  get entries(): readonly TopicEntry[] {
    return this.#entries;
  }

  /** True where it became too much to keep, or something is missing in it. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  add(topic: Topic, entry: LogEntry): void {
    if (this.#overflowed) return;
    this.#bytes += entry.body.length;
    this.#entries.push({ topic, entry });
    if (this.#bytes > maxBytes) {
      this.#overflowed = true;
      this.#entries = [];
    }
  }

  get isTorn(): boolean {
    return this.#torn;
  }

  /** What is missing is for those to find who read it again. */
  onGap(): void {
    this.#torn = true;
    this.#overflowed = true;
    this.#entries = [];
  }

  close(): void {
    for (const followed of this.#topics) {
      followed.taps?.delete(this);
      if (followed.taps?.size === 0) followed.taps = undefined;
    }
  }
}
