import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import { join, obeyed, settled, shareNodes, type Member } from './members.ts';
import { drivers, sharedRedis, type Three } from './nodes.ts';

const scope = openScope(afterEach);
const redis = sharedRedis();

const having = (members: Three<Member>, room: string): boolean[] =>
  members.map(({ atServer }) => atServer.rooms.has(room));

describe.each(drivers)('socketsJoin and socketsLeave over %s', (driver) => {
  const start = shareNodes(scope, () => ({ redis: redis(), driver }));

  test('make every socket of the cluster join and leave', async () => {
    const { nodes, members } = await start();
    nodes[0].io.socketsJoin('r1');
    nodes[0].io.socketsJoin(['r2', 'r3']);
    await obeyed(nodes[0], members);
    for (const room of ['r1', 'r2', 'r3']) expect(having(members, room)).toEqual([true, true, true]);
    nodes[1].io.socketsLeave(['r1', 'r2']);
    await obeyed(nodes[1], members);
    for (const room of ['r1', 'r2']) expect(having(members, room)).toEqual([false, false, false]);
    expect(having(members, 'r3')).toEqual([true, true, true]);
  });

  test('make those of a room join', async () => {
    const { nodes, members } = await start();
    await members[0].atServer.join('r1');
    await members[2].atServer.join('r1');
    nodes[0].io.in('r1').socketsJoin('r2');
    nodes[0].io.in('nowhere').socketsJoin('r3');
    await obeyed(nodes[0], members);
    expect(having(members, 'r2')).toEqual([true, false, true]);
    expect(having(members, 'r3')).toEqual([false, false, false]);
  });

  test('make those of a room leave', async () => {
    const { nodes, members } = await start();
    await members[0].atServer.join(['r1', 'r2']);
    await members[1].atServer.join(['r1', 'r2']);
    await members[2].atServer.join('r2');
    nodes[0].io.in('r1').socketsLeave('r2');
    await obeyed(nodes[0], members);
    expect(having(members, 'r2')).toEqual([false, false, true]);
  });

  test('make everybody but those of a room join and leave', async () => {
    const { nodes, members } = await start();
    await members[1].atServer.join('r1');
    nodes[0].io.except('r1').socketsJoin('r2');
    await obeyed(nodes[0], members);
    expect(having(members, 'r2')).toEqual([true, false, true]);
    nodes[0].io.in('r2').except(members[2].atServer.id).socketsLeave('r2');
    await obeyed(nodes[0], members);
    expect(having(members, 'r2')).toEqual([false, false, true]);
  });

  test('make one socket join and leave, by its id', async () => {
    const { nodes, members } = await start();
    nodes[0].io.in(members[1].atServer.id).socketsJoin('r1');
    await obeyed(nodes[0], members);
    expect(having(members, 'r1')).toEqual([false, true, false]);
    nodes[0].io.in(members[1].atServer.id).socketsLeave('r1');
    await obeyed(nodes[0], members);
    expect(having(members, 'r1')).toEqual([false, false, false]);
  });

  test('where they are local keep to their node', async () => {
    const { nodes, members } = await start();
    nodes[1].io.local.socketsJoin('r1');
    await obeyed(nodes[1], members);
    expect(having(members, 'r1')).toEqual([false, true, false]);
    for (const { atServer } of members) await atServer.join('r2');
    nodes[1].io.local.socketsLeave('r2');
    await obeyed(nodes[1], members);
    expect(having(members, 'r2')).toEqual([true, false, true]);
  });

  test('make sockets hear what is sent to the room from then on', async () => {
    const { nodes, members } = await start();
    nodes[0].io.in([members[1].atServer.id, members[2].atServer.id]).socketsJoin('room');
    nodes[0].io.to('room').emit('test');
    await eventually(() => members[1].heard.length === 1 && members[2].heard.length === 1);
    nodes[0].io.socketsLeave('room');
    nodes[0].io.to('room').emit('too late');
    await obeyed(nodes[0], members);
    await settled(nodes[0], members);
    expect(members.map(({ heard }) => heard)).toEqual([[], [['test']], [['test']]]);
  });
});

describe.each(drivers)('disconnectSockets over %s', (driver) => {
  const enter = shareNodes(scope, () => ({ redis: redis(), driver, namespaces: ['/custom'] }));

  async function start() {
    const { nodes, members } = await enter();
    const reasons = members.map(({ socket }) => {
      const heard: string[] = [];
      socket.on('disconnect', (reason) => heard.push(reason));
      return heard;
    });
    return { nodes, members, reasons };
  }
  const byServer = 'io server disconnect';

  test('disconnects every socket and leaves other namespaces on its connection alone', async () => {
    const { nodes, members, reasons } = await start();
    const inside = members.map(({ socket }) => socket.io.socket('/custom'));
    await eventually(() => inside.every(({ connected }) => connected));
    nodes[0].io.disconnectSockets();
    await eventually(() => members.every(({ socket }) => !socket.connected));
    expect(reasons).toEqual([[byServer], [byServer], [byServer]]);
    nodes[0].io.of('/custom').emit('test');
    await Promise.all(inside.map((socket) => new Promise<void>((resolve) => socket.once('test', resolve))));
    nodes[0].io.of('/custom').disconnectSockets(true);
    await eventually(() => inside.every(({ connected }) => !connected));
  });

  test('closes the connections where asked to, after what was sent before', async () => {
    const { nodes, members, reasons } = await start();
    nodes[0].io.emit('bye');
    nodes[0].io.disconnectSockets(true);
    await eventually(() => members.every(({ socket }) => !socket.connected));
    expect(members.map(({ heard }) => heard)).toEqual([[['bye']], [['bye']], [['bye']]]);
    expect(reasons).toEqual([[byServer], [byServer], [byServer]]);
    await eventually(() => nodes.every(({ io }) => io.engine.clientsCount === 0));
  });

  test('keeps to rooms and exceptions', async () => {
    const { nodes, members, reasons } = await start();
    await members[0].atServer.join(['r1', 'r2']);
    await members[1].atServer.join('r1');
    await members[2].atServer.join('r2');
    nodes[0].io.in('r2').except(members[0].atServer.id).disconnectSockets(true);
    await obeyed(nodes[0], [members[0], members[1]]);
    await eventually(() => !members[2].socket.connected);
    expect(reasons).toEqual([[], [], [byServer]]);
    nodes[2].io.except('r2').disconnectSockets();
    await eventually(() => !members[1].socket.connected);
    await obeyed(nodes[2], [members[0]]);
    expect(reasons).toEqual([[], [byServer], [byServer]]);
  });

  test('disconnects one socket by its id, on any node', async () => {
    const { nodes, members, reasons } = await start();
    nodes[0].io.in(members[1].atServer.id).disconnectSockets();
    await eventually(() => !members[1].socket.connected);
    await obeyed(nodes[0], [members[0], members[2]]);
    expect(reasons).toEqual([[], [byServer], []]);
  });

  test('where it is local keeps to its node', async () => {
    const { nodes, members, reasons } = await start();
    const beside = await join(scope, nodes[1]);
    nodes[1].io.local.disconnectSockets(true);
    await eventually(() => !members[1].socket.connected && !beside.socket.connected);
    await obeyed(nodes[1], [members[0], members[2]]);
    expect(reasons).toEqual([[], [byServer], []]);
  });
});
