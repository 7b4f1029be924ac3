import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope, type RedisServer } from '@sluice/testkit';
import { connectLanesClient, settled } from './lanes-client.ts';
import { memoryGround, sharedRedisGround } from './lanes-ground.ts';
import { startLanesNode, startTwoNodes } from './lanes-node.ts';
import { unexpected } from './unexpected.ts';

const scope = openScope(afterEach);
const ground = sharedRedisGround();

const channelsOf = async (redis: RedisServer, prefix: string): Promise<string[]> =>
  ((await redis.command('PUBSUB', 'SHARDCHANNELS', `${prefix}*`)) as string[]).toSorted();

const runOf = (namespace: unknown): unknown => (namespace as { readonly run: unknown }).run;

describe('a node', () => {
  test('may be closed and stopped more than once', async () => {
    const { prefix, redis, ...rest } = ground();
    const node = await startLanesNode(scope, rest, 'one');
    const client = await connectLanesClient(scope, node);
    await client.join(node, 'r');
    const { main } = node;
    await Promise.all([node.io.close(), node.io.close(), main.close(), main.close()]);
    await main.close();
    await node.adapter.stop(100);
    await node.adapter.stop(100);
    await node.close();
    expect(unexpected(node.faults)).toEqual([]);
    expect(await channelsOf(redis, prefix)).toEqual([]);
  });

  test('that never started may be stopped', async () => {
    const { log, sessions } = memoryGround().partsFor('one', 1_000);
    const { createClusterAdapter } = await import('../../src/index.ts');
    const adapter = createClusterAdapter({ log, sessions });
    await adapter.stop(100);
    expect(adapter.ready).toBe(false);
  });

  test('that closes leaves its clients a session to go on with', async () => {
    const [one, two] = await startTwoNodes(scope, ground());
    const client = await connectLanesClient(scope, one);
    await client.join(one, 'r');
    client.at(one).data = { name: 'ann' };
    await one.close();
    await two.publish(['r'], 'said', 1);
    await client.comeBack(two);
    await settled(two, [client]);
    expect([client.socket.recovered, client.firsts(), client.at(two).data]).toEqual([
      true,
      [1],
      { name: 'ann' },
    ]);
  });
});

describe('a namespace that comes and goes', () => {
  test('leaves no subscription, no adapter and no listener behind', async () => {
    const { prefix, redis, ...rest } = ground();
    const [one, two] = await startTwoNodes(scope, rest, {
      server: {
        connectionStateRecovery: { maxDisconnectionDuration: 60_000 },
        cleanupEmptyChildNamespaces: true,
      },
      prepare: (io) => void io.of(/^\/dynamic-\d+$/),
    });
    const before = await channelsOf(redis, prefix);
    for (const namespace of ['/dynamic-1', '/dynamic-2', '/dynamic-1']) {
      const client = await connectLanesClient(scope, one, { namespace });
      const nsp = one.io.of(namespace);
      await client.join(one, ['r', 's']);
      await settled(one, [client], namespace);
      client.socket.disconnect();
      await eventually(() => one.adapter.of(namespace) === undefined, {
        describe: () => `${namespace} has gone`,
      });
      expect([
        nsp.listenerCount('connect'),
        nsp.listenerCount('connection'),
        runOf(nsp) === runOf(Object.getPrototypeOf(nsp)),
      ]).toEqual([0, 0, true]);
    }
    await eventually(async () => (await channelsOf(redis, prefix)).join() === before.join(), {
      describe: () => 'only what was listened to before is listened to',
    });
    await eventually(() => one.adapter.ready);
    expect([unexpected(one.faults), unexpected(two.faults)]).toEqual([[], []]);
  });

  test('is there again for a client that recovers, with what it missed', async () => {
    const options = {
      server: {
        connectionStateRecovery: { maxDisconnectionDuration: 60_000 },
        cleanupEmptyChildNamespaces: true,
      },
      prepare: (io: { of(name: RegExp): unknown }) => void io.of(/^\/dynamic-\d+$/),
    };
    const [one, two] = await startTwoNodes(scope, ground(), options);
    const namespace = '/dynamic-1';
    const client = await connectLanesClient(scope, one, { namespace });
    const witness = await connectLanesClient(scope, two, { namespace });
    await client.join(one, 'r');
    await client.cut(one);
    await eventually(() => one.adapter.of(namespace) === undefined);
    two.io.of(namespace).to('r').emit('said', 1);
    await settled(two, [witness], namespace);
    await client.comeBack(one);
    await settled(two, [client], namespace);
    expect([client.socket.recovered, client.firsts()]).toEqual([true, [1]]);
  });
});
