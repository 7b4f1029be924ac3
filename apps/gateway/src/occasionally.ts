/** The first of its kind and then each tenth: an outage of minutes must not bury everything else. */
export function isOccasion(count: number): boolean {
  return count % 10 === 1;
}
