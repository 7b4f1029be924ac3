import { describe, expect, test } from '@jest/globals';
import { checkRoom, missedBy } from '../src/generator/check-room.ts';

const clean = { unheard: 0, lost: 0, duplicated: 0, inversions: 0, disagreements: 0 };
// Two senders who take turns.
const senders = [7, 8, 7, 8, 7];

describe('what members heard is held against what was sent', () => {
  test('everybody hears all of it in one order, whichever that is', () => {
    expect(checkRoom({ senders, heard: [[0, 1, 2, 3, 4]] })).toEqual(clean);
    const otherOrder = [1, 0, 2, 3, 4];
    expect(checkRoom({ senders, heard: [otherOrder, otherOrder] })).toEqual(clean);
  });

  test('what one member never heard is lost', () => {
    const heard = [[0, 1, 2, 3, 4], [0, 1, 3, 4], []];
    expect(checkRoom({ senders, heard })).toEqual({ ...clean, lost: 6 });
  });

  test('what nobody heard is told apart from what some did', () => {
    const heard = [
      [0, 1, 3],
      [0, 3],
    ];
    expect(checkRoom({ senders, heard })).toEqual({ ...clean, unheard: 2, lost: 1 });
    expect(checkRoom({ senders, heard: [[], []] })).toEqual({ ...clean, unheard: 5 });
  });

  test('what a member hears again is a duplicate, and neither lost nor out of order', () => {
    const heard = [[0, 1, 2, 1, 3, 4, 4]];
    expect(checkRoom({ senders, heard })).toEqual({ ...clean, duplicated: 2 });
  });

  test('an earlier message after a later one of its sender is an inversion', () => {
    const swapped = [2, 1, 0, 3, 4];
    expect(checkRoom({ senders, heard: [swapped, swapped] })).toEqual({ ...clean, inversions: 2 });
  });

  test('messages of different senders the other way round than elsewhere break the one order', () => {
    const heard = [
      [0, 1, 2, 3, 4],
      [1, 0, 2, 4, 3],
    ];
    expect(checkRoom({ senders, heard })).toEqual({ ...clean, disagreements: 2 });
  });

  test('what the first member missed does not count as disorder', () => {
    const heard = [
      [0, 1, 3, 4],
      [0, 1, 2, 3, 4],
    ];
    expect(checkRoom({ senders, heard })).toEqual({ ...clean, lost: 1 });
  });

  test('what each member missed is known by its numbers', () => {
    const heard = [[3, 0], [0, 1, 3], []];
    expect(missedBy({ senders, heard })).toEqual([[1], [], [0, 1, 3]]);
  });
});
