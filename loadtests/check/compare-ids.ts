/**
 * The order of messages' ids, negative where `a` comes first: numbers between dashes, of any length, or else text. Within a
 * room ids are in the order of its history (docs/protocol.md, Values).
 */
export function compareIds(a: string, b: string): number {
  const left = a.split('-');
  const right = b.split('-');
  for (const [index, part] of left.entries()) {
    const other = right[index] ?? '';
    const difference = part.length - other.length || compareText(part, other);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Before every message. */
export const beginning = '';

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
