import { expect, test } from '@jest/globals';
import { limits } from '@sluice/protocol';
import { lengthNotice } from '../src/conversation/length-notice.ts';

test('what is read out about the length changes only where a mark is crossed', () => {
  const changes: [left: number, notice: string][] = [];
  let before = '';
  for (let length = 0; length <= limits.textLength + 100; length += 1) {
    const notice = lengthNotice(length);
    if (notice !== before) changes.push([limits.textLength - length, notice]);
    before = notice;
  }
  expect(changes).toEqual([
    [200, 'At most 200 characters left'],
    [50, 'At most 50 characters left'],
    [0, 'No characters left'],
    [-1, `Too long to send: the limit is ${limits.textLength} characters`],
  ]);
});
