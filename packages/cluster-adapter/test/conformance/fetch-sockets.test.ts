import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import { join, obeyed, settled, shareNodes } from './members.ts';
import { createNodes, drivers, sharedRedis } from './nodes.ts';

const scope = openScope(afterEach);
const redis = sharedRedis();

const ids = (sockets: ReadonlyArray<{ readonly id: string }>): string[] =>
  sockets.map(({ id }) => id).toSorted();

describe.each(drivers)('fetchSockets over %s', (driver) => {
  const start = shareNodes(scope, () => ({ redis: redis(), driver, namespaces: ['/custom'] }));

  test('finds the sockets of every node, those of its own as they are', async () => {
    const { nodes, members } = await start();
    const sockets = await nodes[0].io.fetchSockets();
    expect(ids(sockets)).toEqual(ids(members.map(({ atServer }) => atServer)));
    expect(sockets).toContain(members[0].atServer);
  });

  test('finds those of rooms, less those excepted', async () => {
    const { nodes, members } = await start();
    const [a, b, c] = members.map(({ atServer }) => atServer.id) as [string, string, string];
    await members[0].atServer.join(['r1', 'r2']);
    await members[1].atServer.join('r1');
    await members[2].atServer.join('r2');
    const { io } = nodes[1];
    expect(ids(await io.in('r1').fetchSockets())).toEqual([a, b].toSorted());
    expect(ids(await io.in(['r1', 'r2']).fetchSockets())).toEqual([a, b, c].toSorted());
    expect(ids(await io.in('r1').except('r2').fetchSockets())).toEqual([b]);
    expect(ids(await io.except('r1').fetchSockets())).toEqual([c]);
    expect(await io.in('nowhere').fetchSockets()).toEqual([]);
  });

  test('finds those of its node alone where it is local', async () => {
    const { nodes, members } = await start();
    const beside = await join(scope, nodes[0]);
    await members[0].atServer.join('room');
    await members[1].atServer.join('room');
    expect(ids(await nodes[0].io.local.fetchSockets())).toEqual(ids([members[0].atServer, beside.atServer]));
    expect(ids(await nodes[0].io.in('room').local.fetchSockets())).toEqual([members[0].atServer.id]);
  });

  test('keeps to its namespace', async () => {
    const { nodes } = await start();
    const inside = await join(scope, nodes[2], { namespace: '/custom' });
    await inside.atServer.join('room');
    expect(ids(await nodes[0].io.of('/custom').fetchSockets())).toEqual([inside.atServer.id]);
    expect(await nodes[0].io.in('room').fetchSockets()).toEqual([]);
  });

  test('says of a socket elsewhere its handshake, rooms and data', async () => {
    const { nodes, members } = await start();
    const { atServer } = members[1];
    await atServer.join('room');
    atServer.data = { name: 'Ann', bytes: Buffer.from([1, 2]), nested: { list: [1, 'two', null] } };
    // As session middlewares leave it there: it knows itself, and is nobody else's business.
    const sessionStore: Record<string, unknown> = {};
    sessionStore['self'] = sessionStore;
    Object.assign(atServer.handshake, { sessionStore });
    const [remote, ...others] = await nodes[0].io.in(atServer.id).fetchSockets();
    expect(others).toEqual([]);
    const { sessionStore: _kept, ...handshake } = atServer.handshake as typeof atServer.handshake & {
      sessionStore?: unknown;
    };
    expect(remote?.handshake).toEqual(handshake);
    expect(remote?.rooms).toEqual(new Set([atServer.id, 'room']));
    expect(remote?.data).toEqual({
      name: 'Ann',
      bytes: Buffer.from([1, 2]),
      nested: { list: [1, 'two', null] },
    });
  });

  test('says data of any kind', async () => {
    const { nodes, members } = await start();
    for (const data of ['test', 0, null, ['list'], { deep: { er: true } }]) {
      members[1].atServer.data = data;
      const [remote] = await nodes[0].io.in(members[1].atServer.id).fetchSockets();
      expect(remote?.data).toEqual(data);
    }
  });

  test('hands out sockets of other nodes that can be spoken to, moved and disconnected', async () => {
    const { nodes, members } = await start();
    await members[1].atServer.join('old');
    const [remote] = await nodes[0].io.in(members[1].atServer.id).fetchSockets();
    remote?.join(['new', 'newer']);
    remote?.leave('old');
    await obeyed(nodes[0], members);
    expect(['old', 'new', 'newer'].map((room) => members[1].atServer.rooms.has(room))).toEqual([
      false,
      true,
      true,
    ]);
    expect([...members[0].atServer.rooms, ...members[2].atServer.rooms]).not.toContain('new');
    remote?.emit('test', 1, Buffer.from([2]));
    await settled(nodes[0], members);
    expect(members.map(({ heard }) => heard)).toEqual([[], [['test', 1, Buffer.from([2])]], []]);
    remote?.disconnect(true);
    await eventually(() => !members[1].socket.connected);
    expect([members[0].socket.connected, members[2].socket.connected]).toEqual([true, true]);
    expect(ids(await nodes[0].io.fetchSockets())).toHaveLength(2);
  });

  test('of a node on its own finds its own', async () => {
    const node = await createNodes(scope, { redis: redis(), driver }).start();
    const { atServer } = await join(scope, node);
    expect(ids(await node.io.fetchSockets())).toEqual([atServer.id]);
  });
});
