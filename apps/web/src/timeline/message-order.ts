import type { Message } from '@sluice/protocol';

/** Where a message stands in its room. */
export type Position = Pick<Message, 'id' | 'sentAt'>;

/** Before every message. */
export const beginning: Position = { id: '0-0', sentAt: 0 };

const streamId = /^(\d+)-(\d+)$/;

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Compares decimals of any length, beyond what a number holds exactly. */
function compareDecimals(a: string, b: string): number {
  const left = a.replace(/^0+/, '');
  const right = b.replace(/^0+/, '');
  return left.length - right.length || compareText(left, right);
}

/**
 * The order of a room's history, negative where `a` comes first. Ids of the form `<ms>-<seq>` compare as numbers; where
 * either has another form, the time decides, and then the text of the id, so that the order is at least stable.
 */
export function comparePositions(a: Position, b: Position): number {
  const left = streamId.exec(a.id);
  const right = streamId.exec(b.id);
  if (left === null || right === null) return a.sentAt - b.sentAt || compareText(a.id, b.id);
  return compareDecimals(left[1] ?? '', right[1] ?? '') || compareDecimals(left[2] ?? '', right[2] ?? '');
}
