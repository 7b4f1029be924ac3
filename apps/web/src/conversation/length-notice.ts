import { limits } from '@sluice/protocol';

/**
 * What to read out about the room left in a message of `length` UTF-16 units. The same words all the way from one mark to
 * the next, so that a live region speaks where a mark is crossed and not at every key.
 */
export function lengthNotice(length: number): string {
  const left = limits.textLength - length;
  if (left < 0) return `Too long to send: the limit is ${limits.textLength} characters`;
  if (left === 0) return 'No characters left';
  const mark = marks.find((each) => left <= each);
  return mark === undefined ? '' : `At most ${mark} characters left`;
}

const marks = [50, 200] as const;
