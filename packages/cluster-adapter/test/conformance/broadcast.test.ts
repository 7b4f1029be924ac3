import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import { join, settled, shareNodes, startWithMembers } from './members.ts';
import { drivers, ours, sharedRedis } from './nodes.ts';

const scope = openScope(afterEach);
const redis = sharedRedis();

describe.each(drivers)('a broadcast over %s', (driver) => {
  const start = shareNodes(scope, () => ({ redis: redis(), driver, namespaces: ['/custom'] }));

  test('reaches every client of every node once, with numbers, text and bytes', async () => {
    const { nodes, members } = await start();
    nodes[0].io.emit('test', 1, '2', Buffer.from([3, 4]), { deep: [Buffer.from([5])] });
    await settled(nodes[0], members);
    for (const { heard } of members) {
      expect(heard).toEqual([['test', 1, '2', Buffer.from([3, 4]), { deep: [Buffer.from([5])] }]]);
    }
  });

  test('carries arguments the way one server alone does', async () => {
    const { nodes, members } = await start();
    const money = { amount: 4, toJSON: () => '4 €' };
    nodes[0].io.emit('test', new Date(0), undefined, null, Number.NaN, money, '\u2028"\\', '🐈', {
      __proto__: null,
      a: undefined,
    });
    await settled(nodes[0], members);
    for (const { heard } of members) {
      expect(heard).toEqual([
        ['test', '1970-01-01T00:00:00.000Z', null, null, null, '4 €', '\u2028"\\', '🐈', {}],
      ]);
    }
  });

  test('without arguments, and as a message, arrives', async () => {
    const { nodes, members } = await start();
    nodes[0].io.emit('test');
    nodes[0].io.send('hi');
    await settled(nodes[0], members);
    for (const { heard } of members) expect(heard).toEqual([['test'], ['message', 'hi']]);
  });

  test('of one node is heard in the order in which it was made, whomever it is for', async () => {
    const { nodes, members } = await start();
    await members[1].atServer.join(['r1', 'r2']);
    const { io } = nodes[0];
    const targets = [
      io,
      io.to('r1'),
      io.to(['r2', 'nobody']),
      io.to(members[1].atServer.id),
      io.except('nobody'),
    ];
    const numbers = Array.from({ length: 200 }, (_, index) => index);
    for (const number of numbers) {
      const bytes = number % 7 === 0 ? [Buffer.from('x')] : [];
      (targets[number % targets.length] as typeof io).emit('test', number, ...bytes);
    }
    await settled(nodes[0], members);
    expect(members[1].heard.map(([, number]) => number)).toEqual(numbers);
    const everybody = numbers.filter((number) => number % 5 === 0 || number % 5 === 4);
    expect(members[2].heard.map(([, number]) => number)).toEqual(everybody);
  });

  test('is heard by who has joined in the same tick, on the same node', async () => {
    const { nodes, members } = await start();
    const { atServer } = members[0];
    void atServer.join('room');
    nodes[0].io.to('room').emit('test', 1);
    void atServer.join('other');
    members[1].atServer.broadcast.emit('everybody');
    nodes[0].io.to(['room', 'other']).emit('test', 2);
    await eventually(() => members[0].heard.length === 3);
    await settled(nodes[0], members);
    expect(members[0].heard.filter(([event]) => event === 'test')).toEqual([
      ['test', 1],
      ['test', 2],
    ]);
  });

  test('reaches clients that poll', async () => {
    const { nodes } = await start();
    const polling = await join(scope, nodes[1], { client: { transports: ['polling'] } });
    const changing = await join(scope, nodes[1], { client: { transports: ['polling', 'websocket'] } });
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    for (const number of numbers) nodes[0].io.emit('test', number, '🐈', Buffer.from([number]));
    await settled(nodes[0], [polling, changing]);
    for (const { heard } of [polling, changing]) {
      expect(heard).toEqual(numbers.map((number) => ['test', number, '🐈', Buffer.from([number])]));
    }
  });

  test('of megabytes arrives whole, as text and as bytes', async () => {
    const { nodes, members } = await start();
    const text = 'sluice '.repeat(300_000);
    nodes[0].io.emit('text', text);
    nodes[0].io.emit('bytes', Buffer.from(text));
    await settled(nodes[0], members);
    for (const { heard } of members) {
      expect(heard.map(([event]) => event)).toEqual(['text', 'bytes']);
      expect(heard[0]?.[1] === text && Buffer.from(text).equals(heard[1]?.[1] as Buffer)).toBe(true);
    }
  });

  test('to a namespace stays in it', async () => {
    const { nodes, members } = await start();
    const inside = await Promise.all(nodes.map((node) => join(scope, node, { namespace: '/custom' })));
    nodes[0].io.of('/custom').emit('test', 'inside');
    await settled(nodes[0], inside, '/custom');
    nodes[0].io.emit('test', 'main');
    await settled(nodes[0], members);
    for (const { heard } of inside) expect(heard).toEqual([['test', 'inside']]);
    for (const { heard } of members) expect(heard).toEqual([['test', 'main']]);
  });

  test('to a room reaches its members alone, and not those who left', async () => {
    const { nodes, members } = await start();
    await members[1].atServer.join('room');
    await members[2].atServer.join('room');
    await members[2].atServer.leave('room');
    nodes[0].io.to('room').emit('test', 'in');
    await settled(nodes[0], members);
    expect(members.map(({ heard }) => heard)).toEqual([[], [['test', 'in']], []]);
  });

  test('to a room of the same name in another namespace is another matter', async () => {
    const { nodes, members } = await start();
    const inside = await join(scope, nodes[2], { namespace: '/custom' });
    await inside.atServer.join('room');
    await members[1].atServer.join('room');
    nodes[0].io.to('room').emit('test', 'main');
    nodes[0].io.of('/custom').to('room').emit('test', 'custom');
    await settled(nodes[0], members);
    await settled(nodes[0], [inside], '/custom');
    expect(members.map(({ heard }) => heard)).toEqual([[], [['test', 'main']], []]);
    expect(inside.heard).toEqual([['test', 'custom']]);
  });

  test('to everybody but a room leaves its members out', async () => {
    const { nodes, members } = await start();
    await members[1].atServer.join('room');
    nodes[0].io.except('room').emit('test');
    nodes[0].io.of('/').except(members[2].atServer.id).emit('second');
    await settled(nodes[0], members);
    expect(members.map(({ heard }) => heard)).toEqual([[['test'], ['second']], [['second']], [['test']]]);
  });

  test('to several rooms reaches a member of several once, and none of the excepted', async () => {
    const { nodes, members } = await start();
    await members[0].atServer.join(['r1', 'r2']);
    await members[1].atServer.join(['r1', 'r2', 'r3']);
    await members[2].atServer.join('r1');
    nodes[0].io.to('r1').to('r2').except('r3').emit('test');
    nodes[0].io.to(['r2', 'r3']).except(['unknown', 'other']).emit('second');
    await settled(nodes[0], members);
    expect(members.map(({ heard }) => heard)).toEqual([[['test'], ['second']], [['second']], [['test']]]);
  });

  test('to a socket by its id reaches it on any node', async () => {
    const { nodes, members } = await start();
    nodes[0].io.to(members[1].atServer.id).emit('test', 1);
    nodes[0].io.in(members[0].atServer.id).emit('test', 0);
    await settled(nodes[0], members);
    expect(members.map(({ heard }) => heard)).toEqual([[['test', 0]], [['test', 1]], []]);
  });

  test('to rooms that are named by numbers, oddly, or like parts of an object arrives', async () => {
    const { nodes, members } = await start();
    const odd = ['__proto__', 'a b:{c}*?[d]', '🐈', 'constructor', ' ', 'x'.repeat(1_000)];
    // Not in the types, but JavaScript applications do.
    const number = 123 as unknown as string;
    for (const room of [...odd, number]) await members[1].atServer.join(room);
    for (const room of [...odd, number]) nodes[0].io.to(room).emit('test', room);
    await settled(nodes[0], members);
    expect(members[1].heard).toEqual([...odd, number].map((room) => ['test', room]));
    expect([...members[0].heard, ...members[2].heard]).toEqual([]);
  });

  test('of a socket leaves that socket out, within a room too', async () => {
    const { members, nodes } = await start();
    const beside = await join(scope, nodes[0]);
    for (const { atServer } of [members[0], members[1], beside]) await atServer.join('room');
    members[0].atServer.broadcast.emit('everybody');
    members[0].atServer.to('room').emit('room', Buffer.from([1]));
    members[0].atServer.broadcast.except(beside.atServer.id).emit('but one');
    await settled(nodes[0], [...members, beside]);
    expect(members[0].heard).toEqual([]);
    expect(members[1].heard).toEqual([['everybody'], ['room', Buffer.from([1])], ['but one']]);
    expect(members[2].heard).toEqual([['everybody'], ['but one']]);
    expect(beside.heard).toEqual([['everybody'], ['room', Buffer.from([1])]]);
  });

  test('that is local reaches the clients of its node alone, at once', async () => {
    const { nodes, members } = await start();
    await members[0].atServer.join('room');
    await members[1].atServer.join('room');
    const outgoing: unknown[] = [];
    members[0].atServer.onAnyOutgoing((event: string) => outgoing.push(event));
    nodes[0].io.local.emit('test');
    nodes[0].io.local.to('room').emit('room');
    nodes[0].io.local.except('room').emit('not the room');
    expect(outgoing).toEqual(['test', 'room']);
    await settled(nodes[0], members);
    expect(members.map(({ heard }) => heard)).toEqual([[['test'], ['room']], [], []]);
  });

  test('that is compressed or not says so to the connection, on every node', async () => {
    const { nodes, members } = await start();
    const compressed: unknown[] = [];
    members[1].atServer.conn.on('packetCreate', (packet: { options: { compress?: boolean } }) =>
      compressed.push(packet.options.compress),
    );
    nodes[0].io.emit('by default');
    nodes[0].io.compress(false).emit('not');
    nodes[0].io.compress(true).emit('test');
    await eventually(() => compressed.length === 3);
    expect(compressed).toEqual([true, false, true]);
  });
});

test.each(drivers)('a broadcast over %s reaches connections that compress', async (driver) => {
  const server = { perMessageDeflate: { threshold: 100 } };
  const { nodes, members } = await startWithMembers(scope, { redis: redis(), driver, server });
  const text = 'sluice '.repeat(10_000);
  nodes[0].io.emit('test', text, Buffer.from(text));
  nodes[0].io.compress(false).emit('test', text);
  nodes[0].io.emit('test', 'short');
  await settled(nodes[0], members);
  const expected = [
    ['test', text, Buffer.from(text)],
    ['test', text],
    ['test', 'short'],
  ];
  for (const { heard } of members) expect(heard).toEqual(expected);
});

describe.each(ours)('a broadcast of bytes over %s', (driver) => {
  const start = shareNodes(scope, () => ({ redis: redis(), driver }));

  test('carries bytes in any view as bytes', async () => {
    const { nodes, members } = await start();
    nodes[1].io.emit(
      'test',
      Uint8Array.of(1, 2).buffer,
      new Uint16Array([3, 4]),
      Uint8Array.of(9, 5, 6, 9).subarray(1, 3),
    );
    await settled(nodes[1], members);
    for (const { heard } of members) {
      expect(heard).toEqual([['test', Buffer.from([1, 2]), Buffer.from([3, 0, 4, 0]), Buffer.from([5, 6])]]);
    }
  });
});
