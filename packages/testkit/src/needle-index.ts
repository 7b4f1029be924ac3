/** What is looked for. */
export interface Needle {
  /** At least {@link shortestNeedle} bytes. */
  readonly bytes: Buffer;
}

/** A needle that was found. */
export interface Finding<Of extends Needle> {
  readonly needle: Of;
  /** Where it begins. */
  readonly at: number;
}

/** In bytes: what is shorter is anywhere by accident. */
export const shortestNeedle = 8;

const base = 0x01000193;
// Jest looks up globals and imports anew each time, which for each byte is too slow.
const { imul } = Math;
const basePower = Array.from({ length: shortestNeedle }).reduce<number>((power) => imul(power, base), 1);

/**
 * Looks for any number of needles in one pass (Rabin and Karp's search over the last bytes of each), so that thousands of
 * them cost no more than a few.
 */
export class NeedleIndex<Of extends Needle> {
  readonly #byHash = new Map<number, Of[]>();
  /** Whether a hash's lower half is that of any: most places need no more than a look at this. */
  readonly #hints = new Uint8Array(0x1_0000);

  constructor(needles: Iterable<Of>) {
    for (const needle of needles) {
      const { bytes } = needle;
      if (bytes.length < shortestNeedle) throw new RangeError(`a needle has ${shortestNeedle} bytes or more`);
      let hash = 0;
      for (const byte of bytes.subarray(-shortestNeedle)) hash = (imul(hash, base) + byte) | 0;
      const same = this.#byHash.get(hash);
      if (same === undefined) this.#byHash.set(hash, [needle]);
      else same.push(needle);
      this.#hints[hash & 0xffff] = 1;
    }
  }

  /** Each needle that is in `haystack`, once, where it is first. */
  find(haystack: Buffer): Finding<Of>[] {
    const found = new Map<Of, number>();
    const [byHash, hints, width] = [this.#byHash, this.#hints, shortestNeedle];
    let hash = 0;
    for (let index = 0; index < haystack.length; index += 1) {
      const gone = index < width ? 0 : (haystack[index - width] as number);
      hash = (imul(hash, base) + (haystack[index] as number) - imul(gone, basePower)) | 0;
      if (hints[hash & 0xffff] === 0) continue;
      for (const needle of byHash.get(hash) ?? []) {
        const at = index + 1 - needle.bytes.length;
        if (at < 0 || found.has(needle)) continue;
        if (needle.bytes.compare(haystack, at, index + 1) === 0) found.set(needle, at);
      }
    }
    return [...found].map(([needle, at]) => ({ needle, at }));
  }
}
