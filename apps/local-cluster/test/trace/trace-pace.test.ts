import { expect, test } from '@jest/globals';
import type { TracePart } from '../../src/trace/trace-assembly.ts';
import { createTracePace } from '../../src/trace/trace-pace.ts';
import { ManualClock } from './manual-clock.ts';

const part = (changes: Partial<TracePart> = {}): TracePart => ({
  traceId: 'a'.repeat(32),
  kind: 'message',
  beganAtMs: 0,
  isLater: false,
  spans: [],
  omitted: 0,
  nameOf: () => undefined,
  ...changes,
});

test('of a flood, some traces are shown and the others counted, each second anew', () => {
  const clock = new ManualClock();
  const events: string[] = [];
  const pace = createTracePace({
    clock,
    show: ({ kind }) => void events.push(kind),
    say: (text) => void events.push(text),
  });
  for (let n = 0; n < 17; n++) pace.offer(part());
  pace.offer(part({ kind: 'connection' }));
  pace.offer(part({ isLater: true }));
  pace.offer(part({ isLater: true }));
  const shown = Array.from({ length: 5 }, () => 'message');
  expect(events).toEqual(shown);
  clock.advance(1_000);
  expect(events.splice(0)).toEqual([...shown, '12 more messages, 1 more connection, 2 more late parts']);
  pace.offer(part());
  clock.advance(1_000);
  for (let n = 0; n < 6; n++) pace.offer(part());
  expect(events.splice(0)).toEqual(['message', ...shown]);
  pace.flush();
  expect(events).toEqual(['1 more message']);
  expect(clock.pendingTimers).toBe(0);
});
