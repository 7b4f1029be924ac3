import { expect, test } from '@jest/globals';
import { parseCpuMs, parseRssBytes, readUsage } from '../src/process-usage.ts';

test('CPU time is found behind any name of a program', () => {
  const stat = '77 (a) b (c)) S 1 77 77 0 -1 4194560 5 0 0 0 120 34 0 0 20 0 11 0 6 1 2';
  expect(parseCpuMs(stat)).toBe(1_540);
});

test('resident memory is in bytes, and none of a process that has ended', () => {
  expect(parseRssBytes('Name:\tnode\nVmHWM:\t  900 kB\nVmRSS:\t   512 kB\nThreads:\t1\n')).toBe(524_288);
  expect(parseRssBytes('Name:\tnode\nState:\tZ (zombie)\n')).toBe(0);
});

test('a process that works uses CPU time', () => {
  const before = readUsage(process.pid);
  const start = process.cpuUsage();
  while (process.cpuUsage(start).user < 50_000);
  const { cpuMs, rssBytes } = readUsage(process.pid);
  expect(cpuMs).toBeGreaterThan(before.cpuMs);
  expect(rssBytes).toBeGreaterThan(1_000_000);
});
