/** Order of two stream ids, negative where `a` comes first. Halves are far below 2^53: milliseconds, and entries within one. */
export function comparePositions(a: string, b: string): number {
  const [msA = 0, sequenceA = 0] = a.split('-').map(Number);
  const [msB = 0, sequenceB = 0] = b.split('-').map(Number);
  return msA - msB || sequenceA - sequenceB;
}
