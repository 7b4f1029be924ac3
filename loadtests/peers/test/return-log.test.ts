import { describe, expect, test } from '@jest/globals';
import { ReturnLog } from '../src/generator/return-log.ts';

const back = { client: 0, recovered: true, saidBefore: 5, sinceMs: 1_000 };

describe('who came back', () => {
  test('is back once it has heard the last of what was said before', () => {
    const log = new ReturnLog();
    log.hear(0, 3, 1_001);
    log.add(back, 1_010);
    expect(log.since(0)).toEqual([{ client: 0, recovered: true, saidBefore: 5, tookMs: 10 }]);
    log.hear(0, 4, 1_030);
    log.hear(0, 5, 1_500);
    log.hear(1, 2, 1_600);
    expect(log.since(0)).toMatchObject([{ tookMs: 30 }]);
    expect(log.since(1)).toEqual([]);
  });

  test('was falsely recovered where something is missing that was said before it was back', () => {
    const log = new ReturnLog();
    log.add(back, 0);
    log.add({ ...back, client: 1 }, 0);
    log.add({ ...back, client: 2, recovered: false }, 0);
    expect(log.falselyRecovered([[], [], []])).toBe(0);
    expect(log.falselyRecovered([[3, 4], [], [1, 2, 3]])).toBe(1);
    // Said and lost while it was there.
    expect(log.falselyRecovered([[5], [7], []])).toBe(0);
  });

  test('answers for what is missing with the first return after it', () => {
    const log = new ReturnLog();
    log.add({ ...back, recovered: false }, 0);
    log.add({ ...back, saidBefore: 9 }, 0);
    expect(log.falselyRecovered([[4]])).toBe(0);
    expect(log.falselyRecovered([[4, 6, 7]])).toBe(1);
  });
});
