/** What has been heard of one sender, who counts from 1 without a hole. */
export class SenderNumbers {
  #first: number | undefined;
  #highest = 0;
  readonly #missing = new Set<number>();
  readonly #forgiven = new Set<number>();
  #mayJump = false;

  /** `next`: as it should be, whether or not some are missing before it. `late`: others came before. `again`: heard before. */
  hear(number: number): 'next' | 'late' | 'again' {
    if (this.#first === undefined || number > this.#highest) {
      this.#miss(number);
      this.#first ??= number;
      this.#highest = number;
      return 'next';
    }
    const isLate = this.#missing.delete(number) || this.#forgiven.delete(number) || number < this.#first;
    return isLate ? 'late' : 'again';
  }

  /** Numbers left out before the next one are not missing: the receiver was told that it may have missed something. */
  forgiveNext(): void {
    this.#mayJump = true;
  }

  /** `number` is accounted for otherwise. */
  settle(number: number): void {
    this.#missing.delete(number);
  }

  get missing(): readonly number[] {
    return [...this.#missing];
  }

  #miss(next: number): void {
    if (this.#first !== undefined) {
      const holes = this.#mayJump ? this.#forgiven : this.#missing;
      for (let number = this.#highest + 1; number < next; number++) holes.add(number);
    }
    this.#mayJump = false;
  }
}
