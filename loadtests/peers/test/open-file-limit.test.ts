import { expect, test } from '@jest/globals';
import { parseOpenFileLimit } from '../src/bench/open-file-limit.ts';

test('the limit of open files is the hard one', () => {
  const limits = (hard: string): string =>
    `Limit   Soft Limit  Hard Limit  Units\nMax open files            1024     ${hard}     files\n`;
  expect(parseOpenFileLimit(limits('20000'))).toBe(20_000);
  expect(parseOpenFileLimit(limits('unlimited'))).toBe(Infinity);
});
