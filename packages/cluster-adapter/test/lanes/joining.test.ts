import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope, startFaultProxy } from '@sluice/testkit';
import { holdLog, type Gate } from './held-log.ts';
import { connectLanesClient, settled } from './lanes-client.ts';
import { memoryGround, redisGround, sharedRedisGround } from './lanes-ground.ts';
import { startLanesNode, startTwoNodes } from './lanes-node.ts';

const scope = openScope(afterEach);
const ground = sharedRedisGround();

describe('a join', () => {
  test('shows in the rooms of the socket in the same tick', async () => {
    const node = await startLanesNode(scope, ground(), 'one');
    const client = await connectLanesClient(scope, node);
    const socket = client.at(node);
    const joined = socket.join(['a', 'b']);
    expect([...socket.rooms]).toEqual([socket.id, 'a', 'b']);
    expect(node.io.sockets.adapter.rooms.get('a')).toEqual(new Set([socket.id]));
    await joined;
  });

  test('that nobody waits for hears what is said in the same tick', async () => {
    const node = await startLanesNode(scope, ground(), 'one');
    const client = await connectLanesClient(scope, node);
    void client.join(node, 'r');
    node.io.to('r').emit('said', 1);
    node.io.to('r').emit('said', 2);
    await eventually(() => client.firsts().length === 2);
    expect(client.firsts()).toEqual([1, 2]);
  });

  test('in the handler of a connection, which speaks at once, is not too late', async () => {
    const node = await startLanesNode(scope, ground(), 'one');
    node.io.on('connection', (socket) => {
      void socket.join('r');
      socket.emit('welcome', 1);
      socket.to('r').emit('others', 2);
      node.io.to('r').emit('all', 3);
    });
    const client = await connectLanesClient(scope, node);
    await eventually(() => client.firsts().length === 2);
    expect(client.firsts().toSorted()).toEqual([1, 3]);
  });

  test('that is cut before its own room is heard has what was said to it alone all the same, in its place', async () => {
    const gates: Gate[] = [];
    const slow = memoryGround((log) => {
      const held = holdLog(log, 'subscribe', (topic) => String(topic).startsWith('/,'));
      gates.push(held.gate);
      return held.log;
    });
    const [one, two] = await startTwoNodes(scope, slow);
    const witness = await connectLanesClient(scope, two);
    for (const gate of gates) gate.shut();
    const client = await connectLanesClient(scope, one);
    await eventually(() => gates[0]?.waiting === 1, { describe: () => 'its own room is about to be heard' });
    client.at(one).emit('said', 'to it alone');
    two.io.emit('said', 'to all');
    await eventually(() => witness.firsts().length === 1);
    await client.cut(one);
    for (const gate of gates) gate.open();
    await client.comeBack(two);
    await settled(one, [client, witness]);
    expect([client.socket.recovered, client.firsts()]).toEqual([true, ['to it alone', 'to all']]);
  });

  test('of the sockets of all nodes hears what is said at once by who asked for it', async () => {
    const [one, two] = await startTwoNodes(scope, ground());
    const clients = await Promise.all([one, one, two, two].map((node) => connectLanesClient(scope, node)));
    one.io.socketsJoin('r');
    one.io.to('r').emit('said', 1);
    one.io.to('r').emit('said', 2);
    two.io.socketsJoin('s');
    two.io.to('s').emit('said', 3);
    await eventually(() => clients.every((client) => client.firsts().length === 3));
    for (const client of clients) expect(client.firsts().toSorted()).toEqual([1, 2, 3]);
  });

  test('hears nothing of what was said before it', async () => {
    const [one, two] = await startTwoNodes(scope, ground());
    const client = await connectLanesClient(scope, one);
    const other = await connectLanesClient(scope, one);
    two.io.to('r').emit('said', 1);
    await settled(two, [client]);
    await client.join(one, 'r');
    two.io.to('r').emit('said', 2);
    await settled(two, [client]);
    await other.join(one, 'r');
    two.io.to('r').emit('said', 3);
    await settled(two, [client, other]);
    expect([client.firsts(), other.firsts()]).toEqual([[2, 3], [3]]);
  });

  test('hears nothing of what was said before it, not even while its node begins to listen for another', async () => {
    const gates: Gate[] = [];
    const slow = memoryGround((log) => {
      const held = holdLog(log, 'subscribe', (topic) => topic === '/,r');
      gates.push(held.gate);
      return held.log;
    });
    const [one, two] = await startTwoNodes(scope, slow);
    const first = await connectLanesClient(scope, one);
    const second = await connectLanesClient(scope, one);
    for (const gate of gates) gate.shut();
    const joined = [first.join(one, 'r')];
    two.io.to('r').emit('said', 1);
    await settled(two, [first, second]);
    joined.push(second.join(one, 'r'));
    two.io.to('r').emit('said', 2);
    await settled(two, [first, second]);
    for (const gate of gates) gate.open();
    await Promise.all(joined);
    await settled(two, [first, second]);
    expect([first.firsts(), second.firsts()]).toEqual([[1, 2], [2]]);
  });

  test('is done only when everything later is heard', async () => {
    const { redis, prefix, ...rest } = ground();
    const proxy = await startFaultProxy(scope, {
      scheme: 'redis',
      target: { host: '127.0.0.1', port: redis.port },
    });
    const one = await startLanesNode(scope, redisGround(proxy, prefix), 'one');
    const two = await startLanesNode(scope, rest, 'two');
    const client = await connectLanesClient(scope, one);
    proxy.stall('up');
    let done = false;
    const joined = Promise.resolve(client.join(one, 'r')).then(() => {
      done = true;
    });
    await two.publish(['r'], 'said', 'early');
    expect(done).toBe(false);
    await proxy.heal();
    await joined;
    two.io.to('r').emit('said', 'later');
    await settled(two, [client]);
    expect(client.firsts().at(-1)).toBe('later');
  });

  test('and a leave in between are followed by silence', async () => {
    const [one, two] = await startTwoNodes(scope, ground());
    const client = await connectLanesClient(scope, one);
    const socket = client.at(one);
    await socket.join('r');
    two.io.to('r').emit('said', 1);
    await settled(two, [client]);
    await socket.leave('r');
    two.io.to('r').emit('said', 2);
    await settled(two, [client]);
    void socket.join('r');
    void socket.leave('r');
    void socket.join('r');
    one.io.to('r').emit('said', 3);
    await settled(one, [client]);
    await eventually(() => client.firsts().length === 2);
    expect(client.firsts()).toEqual([1, 3]);
  });
});
