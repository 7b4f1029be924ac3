/** Random choices that the same seed makes again. */
export class SeededRandom {
  #state: number;

  /** @param seed Any whole number; its lower 32 bits count. */
  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** From 0 up to, but not including, 1. This is mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from `min` to `max`, both included. */
  whole(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of `items`; throws where there are none. */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.whole(0, items.length - 1)];
    if (item === undefined) throw new RangeError('nothing to choose from');
    return item;
  }

  /** Up to `n` of `items`, all different, in random order. */
  sample<Item>(items: readonly Item[], n: number): Item[] {
    const left = [...items];
    const chosen: Item[] = [];
    while (chosen.length < n && left.length > 0) {
      chosen.push(...left.splice(this.whole(0, left.length - 1), 1));
    }
    return chosen;
  }

  /** One of its own, so that who draws more from one does not change what another draws. */
  fork(): SeededRandom {
    return new SeededRandom(Math.floor(this.next() * 4_294_967_296));
  }
}
