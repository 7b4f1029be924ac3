import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope, startFaultProxy } from '@sluice/testkit';
import { connectLanesClient, settled } from './lanes-client.ts';
import { sharedRedisGround } from './lanes-ground.ts';
import { startTwoNodes, type LanesTestNode } from './lanes-node.ts';

const scope = openScope(afterEach);
const ground = sharedRedisGround();

/** A client of node one through a link that can be broken. */
async function start() {
  const nodes = await startTwoNodes(scope, ground());
  const proxy = await startFaultProxy(scope, {
    target: { host: '127.0.0.1', port: Number(new URL(nodes[0].url).port) },
  });
  const client = await connectLanesClient(scope, proxy);
  const socket = client.at(nodes[0]);
  await socket.join('r');
  nodes[1].io.to('r').emit('said', 1);
  await settled(nodes[1], [client]);
  return { nodes, proxy, client, old: socket };
}

const returns: readonly (readonly [
  string,
  (nodes: readonly [LanesTestNode, LanesTestNode]) => LanesTestNode,
])[] = [
  ['the same node', ([one]) => one],
  ['another node', ([, two]) => two],
];

describe('while its old socket still hangs, a client that comes back to', () => {
  test.each(returns)('%s has it closed, and goes on', async (_name, chosen) => {
    const { nodes, proxy, client, old } = await start();
    const [one] = nodes;
    const there = chosen(nodes);
    // The client has gone without a word.
    proxy.halfOpen('client');
    await eventually(() => !client.socket.connected);
    one.io.to('r').emit('said', 2);
    await client.comeBack(there);
    expect(client.socket.recovered).toBe(true);
    await eventually(() => old.disconnected, { describe: () => 'the old socket is closed' });
    const present = client.at(there);
    expect([present.id, present === old, [...present.rooms]]).toEqual([old.id, false, [old.id, 'r']]);
    nodes[1].io.to('r').emit('said', 3);
    await settled(nodes[1], [client]);
    expect(client.firsts()).toEqual([1, 2, 3]);
    expect(nodes.map(({ io }) => io.sockets.sockets.size)).toEqual(there === one ? [1, 0] : [0, 1]);
    expect(one.saw('fenced')).toHaveLength(1);
  });

  test.each(returns)('%s keeps what the new socket does, not what the old one did', async (_name, chosen) => {
    const { nodes, proxy, client, old } = await start();
    const there = chosen(nodes);
    proxy.halfOpen('client');
    await eventually(() => !client.socket.connected);
    await client.comeBack(there);
    await client.join(there, 'new');
    client.at(there).data = { by: 'new' };
    old.data = { by: 'old' };
    void old.join('zombie');
    await eventually(() => old.disconnected);
    await client.cut(there);
    nodes[1].io.to('r').to('new').to('zombie').emit('said', 2);
    nodes[1].io.to('zombie').emit('said', 3);
    await client.comeBack(nodes[0]);
    await settled(nodes[1], [client]);
    const present = client.at(nodes[0]);
    expect([client.socket.recovered, client.firsts(), present.data]).toEqual([true, [1, 2], { by: 'new' }]);
    expect(present.rooms).toEqual(new Set([old.id, 'r', 'new']));
  });
});

describe('a client that comes back to and fro', () => {
  test('many times without being heard to leave has everything once, and one socket in the end', async () => {
    const { nodes, proxy, client } = await start();
    const expected = [1];
    for (let n = 2; n < 12; n += 1) {
      expected.push(n);
      const there = nodes[n % 2] as LanesTestNode;
      // Only the first connection leads through the proxy; the others are cut off by their client alone.
      if (n === 2) proxy.halfOpen('client');
      else client.socket.io.engine.close();
      await eventually(() => !client.socket.connected);
      nodes[(n + 1) % 2]?.io.to('r').emit('said', n);
      await client.comeBack(there);
      expect(client.socket.recovered).toBe(true);
    }
    await settled(nodes[1], [client]);
    expect(client.firsts()).toEqual(expected);
    await eventually(() => nodes[0].io.sockets.sockets.size + nodes[1].io.sockets.sockets.size === 1);
  });
});
