import { expect, test } from '@jest/globals';
import { SeededRandom } from '@sluice/testkit';
import { drawWithout, zipfWeights } from '../../members/zipf.ts';

test('the nth is 1 / n to the power as popular as the first; all are alike with none', () => {
  expect(zipfWeights(3, 1)).toEqual([1, 1 / 2, 1 / 3]);
  expect(zipfWeights(3, 2)).toEqual([1, 1 / 4, 1 / 9]);
  expect(zipfWeights(2, 0)).toEqual([1, 1]);
});

test('draws different ones, and all where there are no more', () => {
  const random = new SeededRandom(7);
  for (let turn = 0; turn < 100; turn++) {
    const drawn = drawWithout(zipfWeights(5, 1.1), 3, () => random.next());
    expect(new Set(drawn).size).toBe(3);
  }
  expect(drawWithout(zipfWeights(3, 1.1), 10, () => random.next()).toSorted()).toEqual([0, 1, 2]);
  expect(drawWithout([], 2, () => random.next())).toEqual([]);
});

test('draws the popular ones more often, in about the proportion of their weights', () => {
  const random = new SeededRandom(11);
  const counts = [0, 0];
  for (let turn = 0; turn < 3_000; turn++) {
    const [first] = drawWithout([3, 1], 1, () => random.next());
    counts[first as number] = (counts[first as number] ?? 0) + 1;
  }
  expect((counts[0] as number) / (counts[1] as number)).toBeCloseTo(3, 0);
});

test('draws the last one where rounding leaves nothing at the end', () => {
  expect(drawWithout([0.1, 0.2], 1, () => 1)).toEqual([1]);
});
