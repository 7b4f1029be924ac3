import { expect, test } from '@jest/globals';
import { crowdLayout, idleLayout, roomsLayout, stormLayout, strided } from '../src/bench/layout.ts';

function grouped<Key>(keys: readonly Key[]): Map<Key, number> {
  const counts = new Map<Key, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

test('the members of a room are on successive nodes, and every node has as many clients', () => {
  for (const nodes of [2, 4, 8]) {
    const { clients } = roomsLayout({ clients: 320, roomSize: 4, nodes });
    const firstRoom = clients.filter(({ rooms }) => rooms.includes('room-0'));
    expect(firstRoom.map(({ node }) => node)).toEqual([0, 1, 2, 3].map((member) => member % nodes));
    expect(new Set(grouped(clients.map(({ node }) => node)).values())).toEqual(new Set([320 / nodes]));
    expect(new Set(grouped(clients.map(({ rooms }) => rooms.join())).values())).toEqual(new Set([4]));
  }
});

test('everybody has a turn before anybody has a second one, and neighbours in turn are no roommates', () => {
  for (const count of [1, 2, 4, 32, 320]) {
    const turns = strided(count);
    expect(turns.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
  }
  const turns = strided(320);
  const rooms = turns.map((client) => Math.floor(client / 4));
  expect(rooms.filter((room, turn) => room === rooms[turn + 1])).toEqual([]);
});

test('a crowd is one room with as many on every node, of whom a few of each node send', () => {
  const { clients, senders } = crowdLayout({ perNode: 400, nodes: 2 });
  expect(grouped(clients.map(({ node }) => node))).toEqual(
    new Map([
      [0, 400],
      [1, 400],
    ]),
  );
  expect(new Set(clients.flatMap(({ rooms }) => rooms)).size).toBe(1);
  expect(grouped(senders.map((sender) => clients[sender]?.node))).toEqual(
    new Map([
      [0, 10],
      [1, 10],
    ]),
  );
});

test('idle connections are in two rooms of four', () => {
  const clients = idleLayout({ clients: 1_000, nodes: 2, name: 'idle' });
  const members = grouped(clients.flatMap(({ rooms }) => rooms));
  expect(members.size).toBe(500);
  expect(new Set(members.values())).toEqual(new Set([4]));
});

test('in a storm one member of each room stays and talks, on every node as many, and some of the others rehearse', () => {
  const { clients, senders, leavers, rehearsal } = stormLayout({ clients: 320, roomSize: 4, nodes: 4 });
  const roomsOf = (members: readonly number[]) => grouped(members.map((member) => clients[member]?.rooms[0]));
  expect(new Set(roomsOf(senders).values())).toEqual(new Set([1]));
  expect(new Set(roomsOf(leavers).values())).toEqual(new Set([3]));
  expect(new Set(grouped(senders.map((member) => clients[member]?.node)).values())).toEqual(new Set([20]));
  expect([...senders, ...leavers].toSorted((a, b) => a - b)).toEqual(clients.map((_, index) => index));
  expect(rehearsal).toHaveLength(60);
  expect(rehearsal.filter((member) => !leavers.includes(member))).toEqual([]);
});
