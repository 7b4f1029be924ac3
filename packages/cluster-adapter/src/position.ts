/** Order of two stream ids, negative where `a` comes first. Halves are far below 2^53: milliseconds, and entries within one. */
export function comparePositions(a: string, b: string): number {
  if (a === b) return 0;
  const [dashA, dashB] = [a.indexOf('-'), b.indexOf('-')];
  // Decimals of one length are in the order of their text, and that is how positions nearly always are.
  if (dashA === dashB && a.length === b.length) return a < b ? -1 : 1;
  const byMs = Number(a.slice(0, dashA)) - Number(b.slice(0, dashB));
  return byMs === 0 ? Number(a.slice(dashA + 1)) - Number(b.slice(dashB + 1)) : byMs;
}

/** True where `a` comes after `b`. */
export function isAfter(a: string, b: string): boolean {
  return comparePositions(a, b) > 0;
}

export function laterOf(a: string, b: string): string {
  return isAfter(a, b) ? a : b;
}
