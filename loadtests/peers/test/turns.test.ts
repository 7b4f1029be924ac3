import { expect, test } from '@jest/globals';
import { takeTurns } from '../src/telemetry/turns.ts';

test('groups have their turns in every order there is, their members one after the other', () => {
  const groups = [
    [0, 1, 2],
    [10, 11],
    [20, 21],
  ];
  const senders = takeTurns(groups, 2);
  const turns = Array.from({ length: senders.length / 2 }, (_, index) =>
    senders.slice(2 * index, 2 * index + 2),
  );
  expect(turns.slice(0, 6)).toEqual([
    [0, 1],
    [10, 11],
    [20, 21],
    [2, 0],
    [20, 21],
    [10, 11],
  ]);
  const orders = Array.from({ length: 6 }, (_, cycle) =>
    turns
      .slice(3 * cycle, 3 * cycle + 3)
      .map((turn) => groups.findIndex((group) => group.includes(turn[0] as number)))
      .join(''),
  );
  expect(orders.toSorted()).toEqual(['012', '021', '102', '120', '201', '210']);
});
