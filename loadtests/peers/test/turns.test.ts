import { expect, test } from '@jest/globals';
import { takeTurns } from '../src/telemetry/turns.ts';

test('two groups have turns, neither always after the other, and everybody sends as often', () => {
  const senders = takeTurns([0, 1, 2, 3], [10, 11, 12, 13], 2);
  expect(senders).toEqual([0, 1, 10, 11, 12, 13, 2, 3, 0, 1, 10, 11, 12, 13, 2, 3]);
  const long = takeTurns([0, 1, 2], [10, 11, 12], 8);
  const counts = [0, 1, 2, 10, 11, 12].map((member) => long.filter((one) => one === member).length);
  expect(new Set(counts)).toEqual(new Set([8]));
});
