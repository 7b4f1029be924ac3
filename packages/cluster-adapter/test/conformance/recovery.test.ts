import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import { join, settled, startWithMembers, type Member } from './members.ts';
import { drivers, ours, sharedRedis } from './nodes.ts';
import { comeBack, cut, heardOf, recovering } from './returning.ts';

const scope = openScope(afterEach);
const redis = sharedRedis();

type Answer = (value?: unknown) => void;

describe.each(drivers)('a client that comes back over %s', (driver) => {
  async function start() {
    const { nodes, members } = await startWithMembers(scope, {
      redis: redis(),
      driver,
      server: recovering,
      namespaces: ['/other'],
    });
    nodes[0].io.emit('init', 0);
    await settled(nodes[0], members);
    const [member, ...others] = members;
    member.heard.length = 0;
    return { nodes, member, others };
  }

  test('is who it was, in its rooms and with its data, on any node', async () => {
    const { nodes, member } = await start();
    const { id } = member.atServer;
    await member.atServer.join(['r1', 'r2', 'r3']);
    await member.atServer.leave('r3');
    member.atServer.data = { foo: 'bar' };
    expect([member.socket.recovered, member.atServer.recovered]).toEqual([false, false]);
    let from = nodes[0];
    for (const to of [nodes[0], nodes[1], nodes[2], nodes[1]]) {
      await cut(member, from);
      const atServer = await comeBack(member, to);
      expect([member.socket.recovered, atServer.recovered]).toEqual([true, true]);
      expect([member.socket.id, atServer.id]).toEqual([id, id]);
      expect(atServer.rooms).toEqual(new Set([id, 'r1', 'r2']));
      expect(atServer.data).toEqual({ foo: 'bar' });
      from = to;
    }
    const [found, ...others] = await nodes[0].io.in('r1').fetchSockets();
    expect([found?.id, others]).toEqual([id, []]);
    nodes[2].io.to('r2').emit('after', 1);
    await settled(nodes[2], [member]);
    expect(heardOf(member)).toEqual([['after', 1]]);
  });

  test('gets what it missed, in order and once, and nothing that was not for it', async () => {
    const { nodes, member, others } = await start();
    const before = member.atServer;
    await before.join('room');
    await cut(member, nodes[0]);
    before.emit('missed', 1);
    nodes[0].io.emit('missed', 2);
    nodes[0].io.to('room').emit('missed', 3);
    nodes[0].io.to(['room', 'elsewhere', before.id]).emit('missed', 4);
    nodes[0].io.except('elsewhere').emit('missed', 5);
    nodes[0].io.emit('missed', Buffer.from([6]));

    nodes[0].io.to('elsewhere').emit('of another room', 0);
    nodes[0].io.except('room').emit('excepted', 0);
    nodes[0].io.of('/other').emit('of another namespace', 0);
    nodes[0].io.local.emit('local', 0);
    const asked = new Promise<void>((resolve) => {
      nodes[0].io.timeout(200).emit('asked', 0, () => resolve());
    });
    await Promise.all([settled(nodes[0], others), asked]);
    nodes[2].io.to('room').emit('missed', 7);
    await settled(nodes[2], others);

    await comeBack(member, nodes[1]);
    await settled(nodes[1], [member]);
    expect(member.socket.recovered).toBe(true);
    const expected = [1, 2, 3, 4, 5, Buffer.from([6]), 7].map((value) => ['missed', value]);
    expect(heardOf(member)).toEqual(expected);
    const offsets = member.heard.map((args) => args.at(-1));
    expect(new Set(offsets).size).toBe(expected.length);
    expect(offsets.every((offset) => typeof offset === 'string')).toBe(true);

    await cut(member, nodes[1]);
    await comeBack(member, nodes[2]);
    await settled(nodes[2], [member]);
    expect(member.socket.recovered).toBe(true);
    expect(heardOf(member)).toEqual(expected);
  });

  test('hears the same while it is there, with an offset behind', async () => {
    const { nodes, member, others } = await start();
    const outgoing: unknown[][] = [];
    member.atServer.onAnyOutgoing((...args: unknown[]) => outgoing.push(args.slice(0, 2)));
    nodes[1].io.emit('test', 1);
    nodes[1].io.to(member.atServer.id).emit('test', Buffer.from([2]));
    member.atServer.emit('test', 3);
    await eventually(() => member.heard.length === 3);
    await settled(nodes[1], [member, ...others]);
    const expected = [
      ['test', 1],
      ['test', Buffer.from([2])],
      ['test', 3],
    ];
    expect(member.heard.map((args) => args.length)).toEqual([3, 3, 3]);
    expect(heardOf(member)).toEqual(expect.arrayContaining(expected));
    expect(outgoing).toEqual(expect.arrayContaining(expected));
  });

  test('was welcomed when it came, and is again', async () => {
    const { nodes, member, others } = await start();
    for (const { io } of nodes) {
      io.on('connection', (socket) => {
        void socket.join('room');
        socket.emit('welcome', 1);
        io.to('room').emit('welcome', 2);
        socket.emit('welcome', 3);
      });
    }
    const fresh = await join(scope, nodes[1]);
    await eventually(() => fresh.heard.length === 3);
    await settled(nodes[0], [member, ...others]);
    await cut(member, nodes[0]);
    await comeBack(member, nodes[2]);
    await eventually(() => member.heard.length === 3);
    await settled(nodes[2], [member, fresh]);
    expect(member.socket.recovered).toBe(true);
    // Each room has its order; between the socket's own and the one it has just joined there is none.
    const valuesOf = (one: Member): unknown[] => heardOf(one).map(([, value]) => value);
    expect(valuesOf(member).filter((value) => value !== 2)).toEqual([1, 3]);
    expect(valuesOf(member).toSorted()).toEqual([1, 2, 3]);
    expect(valuesOf(fresh).filter((value) => value !== 2)).toEqual([1, 3]);
    expect(valuesOf(fresh).toSorted()).toEqual([1, 2, 2, 3]);
  });

  test('is asked without an offset, by its node and others', async () => {
    const { nodes, member } = await start();
    member.socket.on('ask', (...args: unknown[]) => (args.at(-1) as Answer)(args.slice(0, -1)));
    const here = member.atServer.timeout(10_000);
    expect(await here.emitWithAck('ask', 'who')).toEqual(['who']);
    const everywhere = nodes[1].io.to(member.atServer.id).timeout(10_000);
    expect(await everywhere.emitWithAck('ask', 'who', Buffer.from([1]))).toEqual([['who', Buffer.from([1])]]);
  });

  test('goes on elsewhere when its node leaves', async () => {
    const { nodes, member } = await start();
    await member.atServer.join('room');
    const { id } = member.atServer;
    await nodes[0].leave();
    await eventually(() => !member.socket.connected);
    nodes[2].io.to('room').emit('missed', 1);
    const atServer = await comeBack(member, nodes[1]);
    await eventually(() => member.heard.length === 1);
    expect([member.socket.recovered, atServer.id]).toEqual([true, id]);
    expect(heardOf(member)).toEqual([['missed', 1]]);
  });
});

describe.each(ours)('beyond the official adapters, a client that comes back over %s', (driver) => {
  test('need not have heard anything before', async () => {
    const { nodes, members } = await startWithMembers(scope, { redis: redis(), driver, server: recovering });
    const [member] = members;
    await member.atServer.join('room');
    await cut(member, nodes[0]);
    nodes[2].io.to('room').emit('missed', 1);
    await comeBack(member, nodes[1]);
    await settled(nodes[1], [member]);
    expect(member.socket.recovered).toBe(true);
    expect(heardOf(member)).toEqual([['missed', 1]]);
  });

  test('is told that it is connected before it gets what it missed', async () => {
    const { nodes, members } = await startWithMembers(scope, { redis: redis(), driver, server: recovering });
    const [member] = members;
    await cut(member, nodes[0]);
    nodes[2].io.emit('missed', 1);
    await settled(nodes[2], [members[2]]);
    const packets: Array<[number, unknown]> = [];
    member.socket.io.on('packet', ({ type, data }) => packets.push([type, data]));
    const atServer = await comeBack(member, nodes[1]);
    await settled(nodes[1], [member]);
    expect(packets[0]).toEqual([0, expect.objectContaining({ sid: atServer.id })]);
    expect(packets[1]?.[1]).toEqual(['missed', 1, expect.any(String)]);
  });

  test('is not kept from it by what applications say last in an event', async () => {
    const { nodes, members } = await startWithMembers(scope, { redis: redis(), driver, server: recovering });
    const [member] = members;
    nodes[1].io.emit('said', 'ann', 'hello');
    await eventually(() => member.heard.length === 1);
    nodes[1].io.volatile.emit('typing', 'ann');
    await eventually(() => member.heard.length === 2);
    nodes[0].io.local.emit('local', 'ann');
    await eventually(() => member.heard.length === 3);
    await cut(member, nodes[0]);
    nodes[1].io.emit('missed', 'bob');
    await comeBack(member, nodes[1]);
    await settled(nodes[1], [member]);
    expect(member.socket.recovered).toBe(true);
    expect(heardOf(member).at(-1)).toEqual(['missed', 'bob']);
    expect(member.heard).toHaveLength(4);
  });

  test('gets nothing of what was volatile', async () => {
    const { nodes, members } = await startWithMembers(scope, { redis: redis(), driver, server: recovering });
    const [member, other] = members;
    await member.atServer.join('room');
    await cut(member, nodes[0]);
    nodes[2].io.volatile.emit('volatile', 0);
    await eventually(() => other.heard.length === 1);
    nodes[2].io.volatile.to('room').emit('volatile', 1);
    await settled(nodes[2], [other]);
    await comeBack(member, nodes[1]);
    await settled(nodes[1], [member]);
    expect(member.socket.recovered).toBe(true);
    expect(member.heard).toEqual([]);
  });

  test('hears what is emitted while it is being let in', async () => {
    const { nodes, members } = await startWithMembers(scope, { redis: redis(), driver, server: recovering });
    const [member] = members;
    await member.atServer.join('room');
    for (const { io } of nodes) io.use((_socket, next) => setTimeout(next, 100));
    await cut(member, nodes[0]);
    const beside = await join(scope, nodes[2]);
    const returning = comeBack(member, nodes[1]);
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    for (const number of numbers) {
      nodes[2].io.to('room').emit('missed', number);
      await settled(nodes[2], [beside]);
    }
    await returning;
    await settled(nodes[2], [member]);
    expect(member.socket.recovered).toBe(true);
    expect(heardOf(member)).toEqual(numbers.map((number) => ['missed', number]));
  });
});
