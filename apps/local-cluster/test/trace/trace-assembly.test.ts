import { expect, test } from '@jest/globals';
import {
  createTraceAssembly,
  type TraceAssemblyLimits,
  type TracePart,
} from '../../src/trace/trace-assembly.ts';
import { ManualClock } from './manual-clock.ts';
import { message } from './message.ts';
import { spansOf, traceId, type SpanSketch } from './otlp.ts';

function startAssembly(limits?: Partial<TraceAssemblyLimits>, isWanted = true) {
  const clock = new ManualClock();
  const parts: TracePart[] = [];
  const onPart = (part: TracePart): boolean => {
    parts.push(part);
    return isWanted;
  };
  const assembly = createTraceAssembly({ clock, onPart }, limits);
  const add = (...sketches: readonly SpanSketch[]) => assembly.add(spansOf(...sketches));
  const told = () => parts.map(({ kind, isLater, spans }) => [kind, isLater, spans.length]);
  return { clock, assembly, parts, add, told };
}

const send = (trace: string): SpanSketch => ({ name: 'process message:send', id: '1', trace });

test('tells of a trace once nothing has come of it for a while', () => {
  const { clock, add, told, parts } = startAssembly();
  add(...message.slice(0, 4));
  clock.advance(1_400);
  add(...message.slice(4));
  clock.advance(1_400);
  expect(told()).toEqual([]);
  clock.advance(200);
  expect(told()).toEqual([['message', false, message.length]]);
  expect(parts[0]).toMatchObject({ traceId: traceId(), omitted: 0, beganAtMs: 1_763_760_000_000 });
});

test('tells of connections too, and of nothing else', () => {
  const { clock, add, told } = startAssembly();
  add({ name: 'authenticate', id: '1', parent: '2' }, { name: 'connect', id: '2' });
  add(
    { name: 'process room:join', id: '1', trace: 'b' },
    { name: 'POST /auth/dev-token', id: '2', trace: 'c' },
  );
  clock.advance(10_000);
  expect(told()).toEqual([['connection', false, 2]]);
});

test('waits for the span that says what it is about', () => {
  const { clock, add, told } = startAssembly();
  add({ name: 'process room:{room}', id: '2', parent: '1' });
  clock.advance(30_000);
  add({ name: 'process message:send', id: '1' });
  clock.advance(1_000);
  add({ name: 'process room:{room}', id: '3', parent: '1' });
  clock.advance(1_000);
  expect(told()).toEqual([]);
  clock.advance(500);
  expect(told()).toEqual([['message', false, 3]]);
});

test('tells what comes later by itself, with the names of what it follows, and nothing twice', () => {
  const { clock, add, told, parts } = startAssembly();
  add(send('a'));
  clock.advance(2_000);
  const late: SpanSketch = { name: 'process room:{room}', id: '2', parent: '1', at: 2_500 };
  add(late, send('a'));
  clock.advance(2_000);
  add(late);
  clock.advance(2_000);
  expect(told()).toEqual([
    ['message', false, 1],
    ['message', true, 1],
  ]);
  expect(parts[1]?.beganAtMs).toBe(parts[0]?.beganAtMs);
  expect(parts[1]?.nameOf('1'.repeat(16))).toBe('process message:send');
});

test('is silent about what comes later of a trace that nobody was shown', () => {
  const { clock, add, told } = startAssembly({}, false);
  add(send('a'));
  clock.advance(2_000);
  add({ ...send('a'), id: '2' });
  clock.advance(2_000);
  expect(told()).toEqual([['message', false, 1]]);
});

test('does not wait for ever for a trace that is never quiet', () => {
  const { clock, add, told } = startAssembly();
  for (let n = 10; n < 24; n++) {
    add({ ...send('a'), id: String(n) });
    clock.advance(500);
  }
  expect(told()).toEqual([['message', false, 10]]);
});

test('keeps so many spans of a trace, and counts the others', () => {
  const { clock, add, parts } = startAssembly({ maxSpansPerTrace: 10 });
  for (let n = 10; n < 30; n++) add({ ...send('a'), id: String(n) });
  clock.advance(2_000);
  expect(parts).toMatchObject([{ omitted: 10 }]);
  expect(parts[0]?.spans).toHaveLength(10);
});

test('keeps so many traces, tells early of the oldest, and forgets all of them in the end', () => {
  const { clock, add, told } = startAssembly({ maxTraces: 2 });
  add(send('a'), send('b'), send('c'));
  expect(told()).toEqual([['message', false, 1]]);
  clock.advance(1_500);
  expect(told()).toHaveLength(3);
  clock.advance(60_000);
  expect(clock.pendingTimers).toBe(0);
  // Forgotten: it is told like a new one.
  add({ ...send('c'), id: '2' });
  clock.advance(1_500);
  expect(told().at(-1)).toEqual(['message', false, 1]);
});

test('tells at once what waits when it is flushed', () => {
  const { clock, assembly, add, told } = startAssembly();
  add(send('a'), send('b'), { name: 'process room:join', id: '1', trace: 'c' });
  assembly.flush();
  expect(told()).toHaveLength(2);
  expect(clock.pendingTimers).toBe(0);
});
