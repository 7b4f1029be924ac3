import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import { join, settled, shareNodes } from './members.ts';
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

  test('of one node is heard in order', async () => {
    const { nodes, members } = await start();
    const numbers = Array.from({ length: 200 }, (_, index) => index);
    for (const number of numbers)
      nodes[0].io.emit('test', number, ...(number % 7 === 0 ? [Buffer.from('x')] : []));
    await settled(nodes[0], members);
    for (const { heard } of members) expect(heard.map(([, number]) => number)).toEqual(numbers);
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

describe.each(drivers)('a volatile broadcast over %s', (driver) => {
  const start = shareNodes(scope, () => ({ redis: redis(), driver }));

  test('reaches whoever can take it now, with bytes too, in rooms and namespaces', async () => {
    const { nodes, members } = await start();
    await members[2].atServer.join('room');
    nodes[0].io.volatile.emit('test', Buffer.from([1]));
    await eventually(() => members.every(({ heard }) => heard.length === 1));
    nodes[0].io.volatile.to('room').emit('room');
    await eventually(() => members[2].heard.length === 2);
    expect(members.map(({ heard }) => heard)).toEqual([
      [['test', Buffer.from([1])]],
      [['test', Buffer.from([1])]],
      [['test', Buffer.from([1])], ['room']],
    ]);
  });

  test('that is local is dropped behind another event that is still being written', async () => {
    const { nodes, members } = await start();
    nodes[0].io.local.emit('test', 1);
    nodes[0].io.local.volatile.emit('test', 2);
    nodes[0].io.local.emit('test', 3);
    await settled(nodes[0], members);
    expect(members[0].heard).toEqual([
      ['test', 1],
      ['test', 3],
    ]);
  });

  test('is dropped for a client that does not read, which gets the others', async () => {
    const { nodes, members } = await start();
    const [, slow, quick] = [members[0], members[1], await join(scope, nodes[1])];
    const connection = (
      slow.socket.io.engine as unknown as { transport: { ws: { pause(): void; resume(): void } } }
    ).transport.ws;
    connection.pause();
    // More than the buffers between the two take.
    slow.atServer.emit('big', Buffer.alloc(24_000_000));
    nodes[0].io.volatile.emit('fleeting');
    await eventually(() => quick.heard.length === 1);
    nodes[0].io.emit('test');
    await settled(nodes[0], [quick]);
    connection.resume();
    await settled(nodes[0], [slow]);
    expect(quick.heard).toEqual([['fleeting'], ['test']]);
    expect(slow.heard.map(([event]) => event)).toEqual(['big', 'test']);
  });
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
