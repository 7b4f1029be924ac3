import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope, startFaultProxy } from '@sluice/testkit';
import { holdLog, type Gate } from './held-log.ts';
import { connectLanesClient, settled } from './lanes-client.ts';
import { memoryGround, sharedRedisGround } from './lanes-ground.ts';
import { startTwoNodes } from './lanes-node.ts';

const scope = openScope(afterEach);
const ground = sharedRedisGround();

const missedEvents = 60;

/** What is said while the client is away: about 6 KB. */
const missed = Array.from({ length: missedEvents }, (_, n) => n);
const padding = 'x'.repeat(100);

describe('a recovery that is cut in half', () => {
  test.each([1, 400, 600, 900, 2_000, 4_500, 7_000])('after %d bytes changes nothing', async (bytes) => {
    const [one, two] = await startTwoNodes(scope, ground());
    const proxy = await startFaultProxy(scope, {
      target: { host: '127.0.0.1', port: Number(new URL(two.url).port) },
    });
    const client = await connectLanesClient(scope, one);
    await client.join(one, 'r');
    await client.cut(one);
    for (const n of missed) one.io.to('r').emit('said', n, padding);
    const connection = proxy.nextConnection();
    client.head(proxy);
    (await connection).cutAfter(bytes);
    await eventually(() => client.socket.io.engine.readyState === 'closed', {
      describe: () => `cut after ${client.heard.length} events`,
    });
    await eventually(() => !client.socket.connected);
    one.io.to('r').emit('said', missedEvents);
    await client.comeBack(one);
    await settled(one, [client]);
    expect([client.socket.recovered, client.firsts()]).toEqual([true, [...missed, missedEvents]]);
  });

  test('again and again loses nothing and repeats nothing', async () => {
    const [one, two] = await startTwoNodes(scope, ground());
    const proxy = await startFaultProxy(scope, {
      target: { host: '127.0.0.1', port: Number(new URL(two.url).port) },
    });
    const client = await connectLanesClient(scope, one);
    await client.join(one, 'r');
    await client.cut(one);
    for (const n of missed) one.io.to('r').emit('said', n, padding);
    for (let cuts = 0; cuts < 5; cuts += 1) {
      const connection = proxy.nextConnection();
      client.head(proxy);
      (await connection).cutAfter(1_500);
      await eventually(() => client.socket.io.engine.readyState === 'closed');
      await eventually(() => !client.socket.connected);
    }
    await client.comeBack(two);
    await settled(one, [client]);
    expect([client.socket.recovered, client.firsts()]).toEqual([true, missed]);
  });

  test.each([
    ['and has been given up', true],
    ['and nobody knows of it', false],
  ])(
    '%s, and ends after the next has begun on the same node, does that no harm',
    async (_name, isNoticed) => {
      const gates = new Map<string, Gate>();
      const slow = memoryGround((log, nodeId) => {
        const held = holdLog(log, 'read', (topic) => topic === '/,r');
        gates.set(nodeId, held.gate);
        return held.log;
      });
      const [one, two] = await startTwoNodes(scope, slow);
      const client = await connectLanesClient(scope, one);
      await client.join(one, 'r');
      await client.cut(one);
      one.io.to('r').emit('said', 1);
      const proxy = await startFaultProxy(scope, {
        target: { host: '127.0.0.1', port: Number(new URL(two.url).port) },
      });
      const gate = gates.get('two') as Gate;
      gate.shut();
      client.head(proxy);
      await eventually(() => gate.waiting === 1);
      if (isNoticed) proxy.cut();
      else proxy.halfOpen('client');
      await eventually(() => client.socket.io.engine.readyState === 'closed');
      await eventually(() => two.io.engine.clientsCount === (isNoticed ? 0 : 1));
      const late = gate.release();
      await client.comeBack(two);
      late();
      one.io.to('r').emit('said', 2);
      await settled(one, [client]);
      expect([client.socket.recovered, client.firsts()]).toEqual([true, [1, 2]]);
      expect(client.at(two).rooms).toEqual(new Set([client.socket.id, 'r']));
      await client.join(two, 's');
      one.io.to(['r', 's']).emit('said', 3);
      await settled(one, [client]);
      await client.cut(two);
      one.io.to('s').emit('said', 4);
      await client.comeBack(one);
      await settled(one, [client]);
      expect([client.socket.recovered, client.firsts()]).toEqual([true, [1, 2, 3, 4]]);
    },
  );

  test('leaves nothing behind on the node where it was cut', async () => {
    const { prefix, redis, ...rest } = ground();
    const [one, two] = await startTwoNodes(scope, rest);
    // Without that by which a node hears itself, which it begins to listen to when it first has to.
    const channels = async (): Promise<number> =>
      ((await redis.command('PUBSUB', 'SHARDCHANNELS', `${prefix}*`)) as string[]).filter(
        (channel) => !channel.includes('echo'),
      ).length;
    const before = await channels();
    const proxy = await startFaultProxy(scope, {
      target: { host: '127.0.0.1', port: Number(new URL(two.url).port) },
    });
    const client = await connectLanesClient(scope, one);
    await client.join(one, 'r');
    await client.cut(one);
    for (const bytes of [250, 260, 290]) {
      const connection = proxy.nextConnection();
      client.head(proxy);
      (await connection).cutAfter(bytes);
      await eventually(() => client.socket.io.engine.readyState === 'closed');
      await eventually(() => !client.socket.connected);
    }
    const { adapter } = two.io.sockets;
    await eventually(() => adapter.sids.size + two.io.sockets.sockets.size === 0);
    expect(adapter.rooms).toEqual(new Map());
    await eventually(async () => (await channels()) === before, {
      describe: () => 'nobody listens to its rooms any more',
    });
  });
});
