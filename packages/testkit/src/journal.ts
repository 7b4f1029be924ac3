import { within, type WaitOptions } from './eventually.ts';

/** An append-only record of what happened, that can be waited on. */
export class Journal<Entry> {
  readonly #entries: Entry[] = [];
  readonly #subscribers: Array<(entry: Entry) => void> = [];
  readonly #waiters = new Set<() => void>();

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    for (const subscriber of this.#subscribers) subscriber(entry);
    for (const waiter of this.#waiters) waiter();
  }

  /** Calls `subscriber` with every entry, those so far first. */
  subscribe(subscriber: (entry: Entry) => void): void {
    for (const entry of this.#entries) subscriber(entry);
    this.#subscribers.push(subscriber);
  }

  /** Resolves as soon as `find` returns something for the entries so far; it runs again after every addition. */
  async until<Found>(
    find: (entries: readonly Entry[]) => Found | undefined | false,
    options: WaitOptions = {},
  ): Promise<Found> {
    let waiter: (() => void) | undefined;
    const found = new Promise<Found>((resolve, reject) => {
      waiter = () => {
        try {
          const result = find(this.#entries);
          if (result !== undefined && result !== false) resolve(result);
        } catch (error) {
          reject(error);
        }
      };
      this.#waiters.add(waiter);
      waiter();
    });
    try {
      return await within(found, options);
    } finally {
      if (waiter !== undefined) this.#waiters.delete(waiter);
    }
  }
}
