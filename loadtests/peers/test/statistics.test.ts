import { expect, test } from '@jest/globals';
import { median, percentile } from '../src/results/statistics.ts';

test('the median is the middle, or between the two in the middle, and leaves its input as it was', () => {
  const values = [9, 1, 5];
  expect(median(values)).toBe(5);
  expect(values).toEqual([9, 1, 5]);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test('a percentile is a value that was there', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  expect([0, 0.5, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([1, 50, 99, 100]);
  expect(percentile([3], 0.5)).toBe(3);
  expect(percentile([], 0.5)).toBeNaN();
});
