/** How popular each of `count` things is where the nth has 1 / n ** exponent; 0 makes all alike. */
export function zipfWeights(count: number, exponent: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => 1 / (index + 1) ** exponent);
}

/**
 * The indices of `count` different ones of `weights`, or of all where there are fewer; the heavier the likelier.
 * @param random uniform in [0, 1)
 */
export function drawWithout(weights: readonly number[], count: number, random: () => number): number[] {
  const left = weights.map((weight, index) => ({ weight, index }));
  const drawn: number[] = [];
  while (drawn.length < count && left.length > 0) {
    let point = random() * left.reduce((sum, { weight }) => sum + weight, 0);
    const place = left.findIndex(({ weight }) => {
      point -= weight;
      return point < 0;
    });
    // Sums of floats may fall short of each other: the last one then.
    const [taken] = left.splice(place, 1);
    if (taken !== undefined) drawn.push(taken.index);
  }
  return drawn;
}
