import { afterEach, describe, expect, test } from '@jest/globals';
import { createRedisCore } from '@sluice/redis-core';
import { eventually, openScope } from '@sluice/testkit';
import { createEmitter } from '../../src/index.ts';
import { join, obeyed, settled, startWithMembers, type Member } from './members.ts';
import { redisPatienceMs, sharedRedis, type Three } from './nodes.ts';
import { comeBack, cut, heardOf, recovering } from './returning.ts';

const scope = openScope(afterEach);
const redis = sharedRedis();

async function start(server: typeof recovering = {}) {
  const { nodes, members } = await startWithMembers(scope, {
    redis: redis(),
    driver: 'lanes',
    server,
    namespaces: ['/custom'],
  });
  const core = createRedisCore({
    url: redis().url,
    prefix: nodes[0].prefix,
    nodeId: 'emitter',
    tuning: { deadlineMs: redisPatienceMs },
  });
  await core.start(new AbortController().signal);
  scope.onClose(() => core.stop(1_000));
  const emitter = createEmitter({ core });
  await eventually(() => core.health().ready);
  scope.onClose(() => emitter.close(1_000));
  return { nodes, members, emitter };
}

const having = (members: Three<Member>, room: string): boolean[] =>
  members.map(({ atServer }) => atServer.rooms.has(room));

describe('what an emitter emits', () => {
  test('reaches every client of every node, whatever it carries', async () => {
    const { nodes, members, emitter } = await start();
    const bytes = Uint8Array.of(1, 2, 3, 4).buffer;
    await emitter.emit('test', 1, '2', [3], Buffer.from('asdf'), bytes, { toJSON: () => 4 });
    await settled(nodes[0], members);
    const expected = ['test', 1, '2', [3], Buffer.from('asdf'), Buffer.from([1, 2, 3, 4]), 4];
    expect(members.map(({ heard }) => heard)).toEqual([[expected], [expected], [expected]]);
  });

  test('keeps to its namespace, whose slash may be left out', async () => {
    const { nodes, members, emitter } = await start();
    const inside = await join(scope, nodes[2], { namespace: '/custom' });
    await emitter.of('/custom').emit('test', 1);
    await emitter.of('custom').emit('test', 2);
    await settled(nodes[0], members);
    await settled(nodes[0], [inside], '/custom');
    expect(inside.heard).toEqual([
      ['test', 1],
      ['test', 2],
    ]);
    expect(members.map(({ heard }) => heard)).toEqual([[], [], []]);
  });

  test('keeps to rooms, sockets and exceptions', async () => {
    const { nodes, members, emitter } = await start();
    await members[0].atServer.join('r1');
    await members[1].atServer.join(['r1', 'r2']);
    await emitter.to('r1').emit('a room');
    await emitter.in(['r1', 'r2']).except('r2').emit('a room but another');
    await emitter.to(members[2].atServer.id).emit('a socket');
    await emitter.except(['r1', 'unknown']).emit('the others');
    await emitter.except(members[0].atServer.id).emit('but one');
    await settled(nodes[0], members);
    expect(members.map(({ heard }) => heard.map(([event]) => event))).toEqual([
      ['a room', 'a room but another'],
      ['a room', 'but one'],
      ['a socket', 'the others', 'but one'],
    ]);
  });

  test('may be volatile or uncompressed, each for itself', async () => {
    const { nodes, members, emitter } = await start();
    const compressed: unknown[] = [];
    members[1].atServer.conn.on('packetCreate', (packet: { options: { compress?: boolean } }) =>
      compressed.push(packet.options.compress),
    );
    const target = emitter.to(members[1].atServer.id);
    await target.volatile.emit('fleeting', 1);
    await eventually(() => members[1].heard.length === 1);
    await target.compress(false).emit('test');
    await target.to(members[0].atServer.id).emit('both');
    await target.emit('one');
    await eventually(() => members[1].heard.length === 4);
    await settled(nodes[0], members);
    expect(compressed.slice(0, 4)).toEqual([true, false, true, true]);
    expect(members.map(({ heard }) => heard.map(([event]) => event))).toEqual([
      ['both'],
      ['fleeting', 'test', 'both', 'one'],
      [],
    ]);
  });

  test('has a position that grows', async () => {
    const { nodes, members, emitter } = await start();
    const receipts = await Promise.all([1, 2, 3].map((value) => emitter.emit('test', value)));
    const positions = receipts.map(({ position }) => String(position).split('-').map(Number));
    expect(positions).toEqual(positions.toSorted(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d));
    await settled(nodes[0], members);
    for (const { heard } of members) expect(heard.map(([, value]) => value)).toEqual([1, 2, 3]);
  });

  test('is replayed to who missed it', async () => {
    const { nodes, members, emitter } = await start(recovering);
    const [member] = members;
    await member.atServer.join('room');
    await cut(member, nodes[0]);
    const { position } = await emitter.to('room').emit('missed', 1);
    await comeBack(member, nodes[1]);
    await settled(nodes[1], [member]);
    expect(member.socket.recovered).toBe(true);
    expect(heardOf(member)).toEqual([['missed', 1]]);
    expect(member.heard[0]?.at(-1)).toBe(position);
  });

  test('cannot be acknowledged, nor have a reserved name', async () => {
    const { emitter } = await start();
    await expect(emitter.emit('test', () => undefined)).rejects.toMatchObject({ code: 'ack_not_supported' });
    await expect(emitter.emit('connect')).rejects.toMatchObject({ code: 'event_reserved' });
  });
});

describe('what an emitter asks of sockets and servers', () => {
  test('moves the sockets meant in and out of rooms', async () => {
    const { nodes, members, emitter } = await start();
    await members[0].atServer.join('r1');
    await emitter.socketsJoin('all');
    await emitter.in('r1').socketsJoin(['r2', 'r3']);
    await emitter.in(members[1].atServer.id).socketsJoin('r4');
    await obeyed(nodes[0], members);
    const rooms = (): boolean[][] => ['all', 'r2', 'r3', 'r4'].map((room) => having(members, room));
    expect(rooms()).toEqual([
      [true, true, true],
      [true, false, false],
      [true, false, false],
      [false, true, false],
    ]);
    await emitter.except('r1').socketsLeave('all');
    await emitter.in('r1').socketsLeave('r3');
    await emitter.in(members[1].atServer.id).socketsLeave('r4');
    await obeyed(nodes[0], members);
    expect(rooms()).toEqual([
      [true, false, false],
      [true, false, false],
      [false, false, false],
      [false, false, false],
    ]);
  });

  test('disconnects the sockets meant', async () => {
    const { nodes, members, emitter } = await start();
    await members[0].atServer.join('room');
    await emitter.in('room').disconnectSockets(true);
    await eventually(() => !members[0].socket.connected);
    await obeyed(nodes[0], [members[1], members[2]]);
    const reasons: string[] = [];
    for (const { socket } of members) socket.on('disconnect', (reason) => reasons.push(reason));
    await emitter.disconnectSockets();
    await eventually(() => members.every(({ socket }) => !socket.connected));
    expect(reasons).toEqual(['io server disconnect', 'io server disconnect']);
  });

  test('is heard by every server', async () => {
    const { nodes, emitter } = await start();
    const heard = nodes.map(({ io }) => {
      const own: unknown[][] = [];
      io.on('hello', (...args: unknown[]) => own.push(args));
      return own;
    });
    const custom: unknown[] = [];
    nodes[1].io.of('/custom').on('hello', (...args: unknown[]) => custom.push(args));
    await emitter.serverSideEmit('hello', 'world', 1, Buffer.from([2]));
    await emitter.of('/custom').serverSideEmit('hello');
    await eventually(() => custom.length === 1 && heard.every((own) => own.length === 1));
    const expected = [['world', 1, Buffer.from([2])]];
    expect(heard).toEqual([expected, expected, expected]);
    await expect(emitter.serverSideEmit('hello', () => undefined)).rejects.toMatchObject({
      code: 'ack_not_supported',
    });
  });

  test('does not make it one of the servers', async () => {
    const { nodes, members, emitter } = await start();
    await emitter.emit('test');
    expect(await nodes[0].io.of('/').adapter.serverCount()).toBe(3);
    for (const { socket } of members) socket.on('ask', (answer: (value: number) => void) => answer(1));
    expect(await nodes[0].io.timeout(10_000).emitWithAck('ask')).toEqual([1, 1, 1]);
  });
});
