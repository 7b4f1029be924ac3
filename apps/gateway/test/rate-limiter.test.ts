import { describe, expect, test } from '@jest/globals';
import { RateLimiter } from '../src/chat/rate-limiter.ts';

function limiter() {
  let nowMs = 0;
  const bucket = new RateLimiter({ perSecond: 10, burst: 20, disconnectAfter: 5 }, () => nowMs);
  return {
    take: (times: number) => Array.from({ length: times }, () => bucket.take()),
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe('a rate limiter', () => {
  test('allows a burst, then what flows in', () => {
    const { take, pass } = limiter();
    expect(new Set(take(20))).toEqual(new Set(['allowed']));
    expect(take(1)).toEqual(['refused']);
    pass(100);
    expect(take(2)).toEqual(['allowed', 'refused']);
    pass(60_000);
    expect(new Set(take(20))).toEqual(new Set(['allowed']));
    expect(take(1)).toEqual(['refused']);
  });

  test('calls it flooding where refusals outnumber what is accepted', () => {
    const { take } = limiter();
    take(20);
    expect(take(6)).toEqual(['refused', 'refused', 'refused', 'refused', 'flooding', 'flooding']);
  });

  test('forgives one who slows down', () => {
    const { take, pass } = limiter();
    take(24);
    pass(1_000);
    take(10);
    expect(take(4)).toEqual(['refused', 'refused', 'refused', 'refused']);
  });
});
