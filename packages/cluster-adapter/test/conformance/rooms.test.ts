import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import type { Socket } from 'socket.io';
import { join, refused, settled } from './members.ts';
import { createNodes, drivers, sharedRedis, startNodes, type Node } from './nodes.ts';

const scope = openScope(afterEach);
const redis = sharedRedis();

describe.each(drivers)('the rooms of a socket over %s', (driver) => {
  const start = async (): Promise<Node> => await createNodes(scope, { redis: redis(), driver }).start();

  test('show joins and leaves in the same tick', async () => {
    const { atServer } = await join(scope, await start());
    const id = atServer.id;
    void atServer.join('a');
    expect([...atServer.rooms]).toEqual([id, 'a']);
    void atServer.join(['b', 'c', 'a']);
    expect([...atServer.rooms]).toEqual([id, 'a', 'b', 'c']);
    void atServer.leave('b');
    void atServer.leave('unknown');
    expect([...atServer.rooms]).toEqual([id, 'a', 'c']);
    void atServer.leave('a');
    void atServer.join('a');
    expect(atServer.rooms).toEqual(new Set([id, 'a', 'c']));
    // The one that stands last counts, whatever each of them waits for.
    await eventually(() => atServer.rooms.has('a'));
  });

  test('are heard at once by whoever joined, left and joined again in one tick', async () => {
    const [one, two] = await startNodes(scope, { redis: redis(), driver });
    const member = await join(scope, one);
    const { atServer } = member;
    await Promise.all([atServer.join('a'), atServer.leave('a'), atServer.join('a')]);
    await Promise.all([atServer.join('b'), atServer.leave('b')]);
    two.io.to('b').emit('b');
    two.io.to('a').emit('a');
    await settled(two, [member]);
    expect(member.heard).toEqual([['a']]);
  });

  test('are heard by whoever joins again and waits for that, while the first join is under way', async () => {
    const [one, two] = await startNodes(scope, { redis: redis(), driver });
    const member = await join(scope, one);
    for (const room of ['a', 'b', 'c', 'd', 'e']) {
      void member.atServer.join(room);
      await member.atServer.join(room);
      two.io.to(room).emit(room);
    }
    await settled(two, [member]);
    expect(member.heard).toEqual([['a'], ['b'], ['c'], ['d'], ['e']]);
  });

  test('stay until "disconnecting" has been told, and are gone at "disconnect"', async () => {
    const node = await start();
    const { atServer } = await join(scope, node);
    await atServer.join('a');
    const rooms: string[][] = [];
    atServer.on('disconnecting', () => rooms.push([...atServer.rooms]));
    atServer.on('disconnect', () => rooms.push([...atServer.rooms]));
    const { id } = atServer;
    atServer.disconnect();
    expect(rooms).toEqual([[id, 'a'], []]);
    expect(node.io.of('/').adapter.rooms.size).toBe(0);
  });

  test('leave nothing behind where a middleware refuses the socket', async () => {
    const node = await start();
    node.io.use((socket, next) => {
      void socket.join('room');
      next(new Error('refused'));
    });
    expect(await refused(scope, node)).toBe('refused');
    expect(node.io.of('/').adapter.rooms.size).toBe(0);
    expect(node.io.of('/').adapter.sids.size).toBe(0);
  });

  test('cannot be joined once it has disconnected', async () => {
    const node = await start();
    const { atServer } = await join(scope, node);
    atServer.disconnect();
    await atServer.join('room');
    expect(node.io.of('/').adapter.rooms.size).toBe(0);
  });
});

describe.each(drivers)('the adapter over %s', (driver) => {
  async function watched(): Promise<{ node: Node; log: string[]; enter: () => Promise<Socket> }> {
    const node = await createNodes(scope, { redis: redis(), driver }).start();
    const log: string[] = [];
    const { adapter } = node.io.of('/');
    for (const event of ['create-room', 'join-room', 'leave-room', 'delete-room']) {
      adapter.on(event, (room: string) => {
        if (/^r\d$/.test(room)) log.push(`${event} ${room}`);
      });
    }
    return { node, log, enter: async () => (await join(scope, node)).atServer };
  }

  test('tells of rooms that come to be, are joined, left, and end', async () => {
    const { log, enter } = await watched();
    const first = await enter();
    const second = await enter();
    await first.join(['r1', 'r2']);
    await first.join('r1');
    await second.join('r1');
    expect(log).toEqual(['create-room r1', 'join-room r1', 'create-room r2', 'join-room r2', 'join-room r1']);
    log.length = 0;
    await first.leave('r2');
    await first.leave('r2');
    first.disconnect();
    expect(log).toEqual(['leave-room r2', 'delete-room r2', 'leave-room r1']);
    second.disconnect();
    expect(log.slice(3)).toEqual(['leave-room r1', 'delete-room r1']);
  });

  test('bears a room that is left once more while its leaving is told', async () => {
    const { node, log, enter } = await watched();
    const socket = await enter();
    await socket.join('r1');
    node.io.of('/').adapter.on('leave-room', () => void socket.leave('r1'));
    await socket.leave('r1');
    expect(log).toEqual(['create-room r1', 'join-room r1', 'leave-room r1', 'delete-room r1']);
  });

  test('knows the sockets of its node by room, and the rooms of a socket', async () => {
    const { node, enter } = await watched();
    const [first, second] = [await enter(), await enter()];
    await first.join(['r1', 'r2']);
    await second.join('r2');
    const { adapter } = node.io.of('/');
    expect(await adapter.sockets(new Set())).toEqual(new Set([first.id, second.id]));
    expect(await adapter.sockets(new Set(['r1', 'r3']))).toEqual(new Set([first.id]));
    expect(await node.io.in('r2').allSockets()).toEqual(new Set([first.id, second.id]));
    expect(adapter.socketRooms(first.id)).toEqual(new Set([first.id, 'r1', 'r2']));
    expect(adapter.socketRooms('nobody')).toBeUndefined();
  });
});
