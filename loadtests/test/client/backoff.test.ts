import { expect, test } from '@jest/globals';
import { reconnectionDelayMs } from '../../client/backoff.ts';

test('pauses double up to their limit, as those of socket.io-client', () => {
  const delays = [0, 1, 2, 3, 4, 1_000].map((attempt) => reconnectionDelayMs(attempt, {}, 0.5));
  expect(delays).toEqual([1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
});

test('pauses are spread evenly to both sides', () => {
  expect([0, 0.25, 0.999_999].map((random) => reconnectionDelayMs(0, {}, random))).toEqual([500, 750, 1_500]);
  const options = { delayMs: 100, maxDelayMs: 300, jitter: 0 };
  expect([0, 1, 2].map((attempt) => reconnectionDelayMs(attempt, options, 0.9))).toEqual([100, 200, 300]);
});
