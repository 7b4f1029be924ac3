import { expect, test } from '@jest/globals';
import { beginning, compareIds } from '../../check/compare-ids.ts';

test('ids are in the order of their numbers, however long these are', () => {
  const ids = ['1000-10', '999-0', '1000-9', '1000-0', beginning];
  expect(ids.toSorted(compareIds)).toEqual([beginning, '999-0', '1000-0', '1000-9', '1000-10']);
  expect(compareIds('5-1', '5-1')).toBe(0);
});
