import type { Position } from './cluster-log.ts';

/** True where `a` comes after `b`. */
export function isAfter(a: Position, b: Position): boolean {
  const dashA = a.indexOf('-');
  const dashB = b.indexOf('-');
  // Decimals of one length are in the order of their text, and that is how positions nearly always are.
  if (dashA === dashB && a.length === b.length) return a > b;
  const byMs = Number(a.slice(0, dashA)) - Number(b.slice(0, dashB));
  return byMs > 0 || (byMs === 0 && Number(a.slice(dashA + 1)) > Number(b.slice(dashB + 1)));
}
