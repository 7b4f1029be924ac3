/** One client's return, from the loss of its connection until it has all that it was going to be told. */
export interface Return {
  readonly client: number;
  /** What the node said: that nothing is missing. */
  readonly recovered: boolean;
  /** How many messages had been said in its room by then: those below are what it may have missed. */
  readonly saidBefore: number;
  /** From the loss until it was back and had heard the last of those that it did hear, without its pauses between attempts. */
  readonly tookMs: number;
}

interface OpenReturn {
  readonly client: number;
  readonly recovered: boolean;
  readonly saidBefore: number;
  readonly sinceMs: number;
  backMs: number;
}

/** Who came back, whether the nodes said that nothing was missing, and whether that was true. */
export class ReturnLog {
  readonly #returns: OpenReturn[] = [];
  readonly #latest = new Map<number, OpenReturn>();

  get count(): number {
    return this.#returns.length;
  }

  /** @param since when it lost its connection, later by the pauses that it made itself */
  add(entry: Omit<Return, 'tookMs'> & { readonly sinceMs: number }, nowMs: number): void {
    const open = { ...entry, backMs: nowMs };
    this.#returns.push(open);
    this.#latest.set(entry.client, open);
  }

  /** Notes that a client hears a message: where that was said before it was back, it is back only now. */
  hear(client: number, number: number, nowMs: number): void {
    const latest = this.#latest.get(client);
    if (latest !== undefined && number < latest.saidBefore) latest.backMs = nowMs;
  }

  /** The returns from the given one on, in the order in which clients were let in. */
  since(first: number): Return[] {
    return this.#returns
      .slice(first)
      .map(({ backMs, sinceMs, ...entry }) => ({ ...entry, tookMs: backMs - sinceMs }));
  }

  /**
   * Returns after which a node said that nothing was missing while something was.
   * @param missedBy by client: the messages that it never heard while others did
   */
  falselyRecovered(missedBy: readonly (readonly number[])[]): number {
    const caught = new Set<OpenReturn>();
    missedBy.forEach((missed, client) => {
      const own = this.#returns.filter((entry) => entry.client === client);
      for (const number of missed) {
        // The first return that comes after a message answers for it.
        const answerable = own.find(({ saidBefore }) => number < saidBefore);
        if (answerable?.recovered === true) caught.add(answerable);
      }
    });
    return caught.size;
  }
}
