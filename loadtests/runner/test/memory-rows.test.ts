import { expect, test } from '@jest/globals';
import { memoryRows } from '../src/report/memory-rows.ts';
import type { UsageSample } from '../src/watch-processes.ts';

function samples(name: string, held: readonly number[]): UsageSample[] {
  return held.map((rssMb, second) => ({ timeMs: second * 1_000, name, cpuPercent: 0, rssMb }));
}

test('the second quarter stands beside the last one, by their medians', () => {
  const quarters = [10, 20, 30, 40].flatMap((level) =>
    Array.from({ length: 10 }, (_, index) => level + index),
  );
  expect(memoryRows([...samples('redis', quarters), ...samples('k6', quarters.toReversed())])).toEqual([
    { name: 'k6', earlyMb: 35, lateMb: 15 },
    { name: 'redis', earlyMb: 25, lateMb: 45 },
  ]);
});

test('of a process that was there too shortly nothing is said', () => {
  expect(memoryRows(samples('gateway-1', [1, 2, 3]))).toEqual([]);
});
