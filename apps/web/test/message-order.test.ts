import { describe, expect, test } from '@jest/globals';
import { comparePositions } from '../src/timeline/message-order.ts';

const at = (id: string, sentAt = 0) => ({ id, sentAt });

describe('the order of messages', () => {
  test.each([
    ['9-0', '10-0'],
    ['10-2', '10-10'],
    ['1700000000000-0', '1700000000001-0'],
    ['18446744073709551614-0', '18446744073709551615-0'],
    ['5-18446744073709551614', '5-18446744073709551615'],
  ])('%s is before %s, by number', (earlier, later) => {
    expect(comparePositions(at(earlier, 9), at(later, 1))).toBeLessThan(0);
    expect(comparePositions(at(later, 1), at(earlier, 9))).toBeGreaterThan(0);
  });

  test('an id equals itself', () => {
    expect(comparePositions(at('5-1'), at('5-1'))).toBe(0);
  });

  test('ids of another form go by their time, then by their text', () => {
    expect(comparePositions(at('zz', 1), at('aa', 2))).toBeLessThan(0);
    expect(comparePositions(at('5-1', 3), at('aa', 2))).toBeGreaterThan(0);
    expect(comparePositions(at('aa', 2), at('ab', 2))).toBeLessThan(0);
  });
});
