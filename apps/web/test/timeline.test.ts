import { describe, expect, test } from '@jest/globals';
import {
  closeGap,
  emptyTimeline,
  hear,
  openGap,
  prependOlder,
  trimOldest,
  type Timeline,
} from '../src/timeline/timeline.ts';
import { message, numbers, range } from './fixtures.ts';

const loaded = (from: number, to: number, more = true): Timeline =>
  closeGap(emptyTimeline, { messages: range(from, to), more, bridged: false });

describe('a timeline', () => {
  test('puts deliveries that overtook each other in order', () => {
    let timeline = loaded(1, 2);
    for (const n of [5, 3, 4]) timeline = hear(timeline, message(n));
    expect(numbers(timeline.messages)).toEqual([1, 2, 3, 4, 5]);
  });

  test('holds a message once, whether acknowledgement or delivery came first', () => {
    const timeline = hear(loaded(1, 2), message(3));
    expect(hear(timeline, message(3))).toBe(timeline);
  });

  test('keeps two messages that share a clientId and not an id', () => {
    const timeline = hear(loaded(1, 2), message(3, { clientId: 'c2' }));
    expect(numbers(timeline.messages)).toEqual([1, 2, 3]);
  });

  test('does not take a message from before the part it holds', () => {
    expect(numbers(hear(loaded(5, 6), message(3)).messages)).toEqual([5, 6]);
    expect(numbers(hear(loaded(5, 6, false), message(3)).messages)).toEqual([3, 5, 6]);
  });

  test('fills the gap of a lost connection, also beside what came before the history did', () => {
    const gapped = hear(openGap(loaded(1, 3)), message(9));
    expect(gapped.gap).toEqual({ kind: 'after', anchor: { id: '3000-0', sentAt: 3_000 } });
    const filled = closeGap(gapped, { messages: range(2, 9), more: true, bridged: true });
    expect(numbers(filled.messages)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(filled.gap.kind).toBe('none');
    expect(filled.more).toBe(true);
  });

  test('a second loss before the gap is filled does not make it shorter', () => {
    const once = hear(openGap(loaded(1, 3)), message(9));
    expect(openGap(once)).toBe(once);
  });

  test('lets go of what it cannot connect to, rather than hide a hole', () => {
    const gapped = hear(openGap(loaded(1, 3, false)), message(60));
    const filled = closeGap(gapped, { messages: range(50, 59), more: true, bridged: false });
    expect(numbers(filled.messages)).toEqual([50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60]);
    expect(filled.more).toBe(true);
  });

  test('knows that it reaches the beginning of the room', () => {
    expect(closeGap(emptyTimeline, { messages: [], more: false, bridged: true }).more).toBe(false);
    const reached = openGap(prependOlder(loaded(5, 6), { messages: range(1, 4), more: false }));
    expect(closeGap(reached, { messages: range(5, 7), more: true, bridged: true }).more).toBe(false);
  });

  test('scrolls back by whole pages', () => {
    const timeline = prependOlder(loaded(5, 6), { messages: range(1, 4), more: false });
    expect(numbers(timeline.messages)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('is trimmed at twice its size, and then can be scrolled back again', () => {
    const timeline = loaded(1, 7, false);
    expect(trimOldest(timeline, 4)).toBe(timeline);
    const trimmed = trimOldest(hear(timeline, message(8)), 4);
    expect(numbers(trimmed.messages)).toEqual([5, 6, 7, 8]);
    expect(trimmed.more).toBe(true);
  });
});
