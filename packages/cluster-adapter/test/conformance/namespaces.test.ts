import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import type { Server, ServerOptions } from 'socket.io';
import { join, refused, settled, type Member } from './members.ts';
import { createNodes, drivers, ours, sharedRedis, startNodes, type Node } from './nodes.ts';

const scope = openScope(afterEach);
const redis = sharedRedis();

const pattern = /^\/dynamic-\d+$/;
const namespace = '/dynamic-101';
type Answer = (value: unknown) => void;
type Middleware = Parameters<Server['use']>[0];

// Private by name, and yet what `cleanupEmptyChildNamespaces` is about.
const namespacesOf = (io: Server): string[] => [
  ...(io as unknown as Record<'_nsps', Map<string, unknown>>)['_nsps'].keys(),
];
const serves = (io: Server): boolean => namespacesOf(io).includes(namespace);

describe.each(drivers)('namespaces that come to be with their clients, over %s', (driver) => {
  const start = (server: Partial<ServerOptions> = {}) =>
    startNodes(scope, { redis: redis(), driver, server });

  async function startDynamic(server: Partial<ServerOptions> = {}) {
    const nodes = await start(server);
    const parents = nodes.map(({ io }) => io.of(pattern));
    return { nodes, parents };
  }

  test('reach across nodes, in rooms too', async () => {
    const { nodes } = await startDynamic();
    const [a, b] = [await join(scope, nodes[0], { namespace }), await join(scope, nodes[1], { namespace })];
    const other = await join(scope, nodes[1], { namespace: '/dynamic-7' });
    await b.atServer.join('room');
    nodes[0].io.of(namespace).emit('test', 1, '2', { 3: '4' });
    nodes[0].io.of(namespace).to('room').emit('room', 4, '3', { 2: '1' });
    await settled(nodes[0], [a, b], namespace);
    expect(a.heard).toEqual([['test', 1, '2', { 3: '4' }]]);
    expect(b.heard).toEqual([
      ['test', 1, '2', { 3: '4' }],
      ['room', 4, '3', { 2: '1' }],
    ]);
    expect(other.heard).toEqual([]);
  });

  test('hear what is sent to their parent, once, where the sender has them', async () => {
    const { nodes, parents } = await startDynamic();
    const [a, b] = [await join(scope, nodes[0], { namespace }), await join(scope, nodes[1], { namespace })];
    await b.atServer.join('room');
    parents[0]?.emit('all');
    parents[0]?.to('room').emit('room');
    await settled(nodes[0], [a, b], namespace);
    expect([a.heard, b.heard]).toEqual([[['all']], [['all'], ['room']]]);
  });

  test('answer questions, whether or not each node has them', async () => {
    const { nodes } = await startDynamic();
    const alone = await join(scope, nodes[0], { namespace });
    alone.socket.on('ask', (answer: Answer) => answer('there'));
    const target = nodes[0].io.of(namespace);
    expect(await target.serverSideEmitWithAck('hello')).toEqual([]);
    expect(await target.fetchSockets()).toHaveLength(1);
    expect(await target.timeout(10_000).emitWithAck('ask')).toEqual(['there']);
    const second = await join(scope, nodes[1], { namespace });
    second.socket.on('ask', (answer: Answer) => answer('too'));
    await eventually(async () => (await target.adapter.serverCount()) >= 2);
    nodes[1].io.of(namespace).on('hello', (answer: Answer) => answer('here'));
    expect(await target.serverSideEmitWithAck('hello')).toEqual(['here']);
    expect(await target.fetchSockets()).toHaveLength(2);
    expect(((await target.timeout(10_000).emitWithAck('ask')) as string[]).toSorted()).toEqual([
      'there',
      'too',
    ]);
  });

  test('are made once for clients that come at once', async () => {
    const nodes = await start();
    const made: string[] = [];
    nodes[0].io.on('new_namespace', ({ name }) => made.push(name));
    const waiting: Array<() => void> = [];
    nodes[0].io.of((_name, _auth, next) => {
      waiting.push(() => next(null, true));
      if (waiting.length === 2) for (const go of waiting) go();
    });
    const [a, b] = await Promise.all([
      join(scope, nodes[0], { namespace }),
      join(scope, nodes[0], { namespace }),
    ]);
    nodes[0].io.of(namespace).emit('test');
    await settled(nodes[0], [a, b], namespace);
    expect(made).toEqual([namespace]);
    expect([a.heard, b.heard]).toEqual([[['test']], [['test']]]);
  });
});

describe.each(drivers)('namespaces that end with their last client, over %s', (driver) => {
  const startDynamic = async (middleware: Middleware = (_socket, next) => next()) => {
    const nodes = createNodes(scope, {
      redis: redis(),
      driver,
      server: { cleanupEmptyChildNamespaces: true },
      prepare: (io) => void io.of(pattern).use(middleware),
    });
    return [await nodes.start(), await nodes.start()] as const;
  };
  const leave = async ({ socket }: Member, { io }: Node): Promise<void> => {
    const before = io.of(namespace).sockets.size;
    socket.disconnect();
    await eventually(() => !serves(io) || io.of(namespace).sockets.size < before);
  };

  test('are gone then, and come back with the next', async () => {
    const [one, two] = await startDynamic();
    const other = await join(scope, two, { namespace });
    for (let round = 0; round < 3; round += 1) {
      const member = await join(scope, one, { namespace });
      await member.atServer.join('room');
      two.io.of(namespace).to('room').emit('room', round);
      two.io.of(namespace).emit('test', round);
      await settled(two, [member, other], namespace);
      expect(member.heard).toEqual([
        ['room', round],
        ['test', round],
      ]);
      await leave(member, one);
      expect(serves(one.io)).toBe(false);
    }
    expect(other.heard).toEqual([0, 1, 2].map((round) => ['test', round]));
  });

  test('stay while others of theirs are connected', async () => {
    const [one, two] = await startDynamic();
    const [first, second] = [await join(scope, one, { namespace }), await join(scope, one, { namespace })];
    await leave(first, one);
    await join(scope, two, { namespace });
    two.io.of(namespace).emit('test');
    await eventually(() => second.heard.length === 1);
    expect(serves(one.io)).toBe(true);
  });

  test('end with a refused client too, but not under others', async () => {
    const [one, two] = await startDynamic((socket, next) =>
      next(socket.handshake.auth['in'] === true ? undefined : new Error('refused')),
    );
    expect(await refused(scope, one, namespace)).toBe('refused');
    await eventually(() => !serves(one.io));
    const member = await join(scope, one, { namespace, client: { auth: { in: true } } });
    expect(await refused(scope, one, namespace)).toBe('refused');
    await join(scope, two, { namespace, client: { auth: { in: true } } });
    two.io.of(namespace).emit('test');
    await eventually(() => member.heard.length === 1);
  });
});

describe.each(ours)('what namespaces leave behind, over %s', (driver) => {
  test('is nothing that listens', async () => {
    const nodes = createNodes(scope, {
      redis: redis(),
      driver,
      server: { cleanupEmptyChildNamespaces: true, connectionStateRecovery: {} },
      prepare: (io) => void io.of(/^\/x-/),
    });
    const node = await nodes.start();
    const before = await nodes.channels();
    const many = Array.from({ length: 20 }, (_, index) => `/x-${index}`);
    const members = await Promise.all(many.map((name) => join(scope, node, { namespace: name })));
    for (const { atServer } of members) await atServer.join('room');
    expect((await nodes.channels()).length).toBeGreaterThanOrEqual(before.length + 40);
    for (const { socket } of members) socket.disconnect();
    await eventually(async () => (await nodes.channels()).length === before.length, {
      describe: () => 'no channel is listened to any more',
    });
    expect(await nodes.channels()).toEqual(before);
    expect(namespacesOf(node.io)).toEqual(['/']);
  });
});
