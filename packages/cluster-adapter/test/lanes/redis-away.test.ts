import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope, startFaultProxy, startRedis, type RedisServer } from '@sluice/testkit';
import { connectLanesClient, openLanesClient, settled } from './lanes-client.ts';
import { memoryGround, redisGround } from './lanes-ground.ts';
import { startLanesNode, startTwoNodes, type LanesTestNode, type LanesTestOptions } from './lanes-node.ts';

const scope = openScope(afterEach);

const rejections: unknown[] = [];
const onRejection = (reason: unknown): void => void rejections.push(reason);

// As long as Redis may take to come back on a busy machine; usually what is held is given up sooner.
const patientMs = 30_000;

async function start(options: LanesTestOptions = {}, outboxMaxAgeMs = patientMs) {
  rejections.length = 0;
  process.on('unhandledRejection', onRejection);
  scope.onClose(() => process.off('unhandledRejection', onRejection));
  const redis = await startRedis(scope);
  const [one, two] = await startTwoNodes(scope, redisGround(redis, 'sluice', { outboxMaxAgeMs }), options);
  const here = await connectLanesClient(scope, one);
  const there = await connectLanesClient(scope, two);
  await here.join(one, 'r');
  await there.join(two, 'r');
  return { redis, one, two, here, there };
}

async function goesAway(redis: RedisServer, ...nodes: readonly LanesTestNode[]): Promise<void> {
  await redis.kill();
  await eventually(() => nodes.every(({ log }) => !log.available), { describe: () => 'Redis is missed' });
}

async function comesBack(redis: RedisServer, ...nodes: readonly LanesTestNode[]): Promise<void> {
  await redis.restart();
  await eventually(() => nodes.every(({ adapter }) => adapter.ready), {
    timeoutMs: 20_000,
    describe: () => 'the nodes are ready again',
  });
}

describe('while Redis is away', () => {
  test('what is published is held, and is heard by all in one order afterwards', async () => {
    const { redis, one, two, here, there } = await start();
    one.io.to('r').emit('said', 'before');
    await settled(one, [here, there]);
    await goesAway(redis, one, two);
    const receipts = [one.publish(['r'], 'said', 1), one.publish(['r'], 'said', 2)];
    two.io.to('r').emit('said', 3);
    one.io.to('r').emit('said', 4);
    expect([here.firsts(), there.firsts()]).toEqual([['before'], ['before']]);
    await comesBack(redis, one, two);
    const [first, second] = await Promise.all(receipts);
    await settled(one, [here, there]);
    await settled(two, [here, there]);
    expect(first?.position).not.toBe(second?.position);
    expect(here.firsts().toSorted()).toEqual([1, 2, 3, 4, 'before']);
    expect(here.firsts().filter((n) => n !== 3)).toEqual(['before', 1, 2, 4]);
    expect(there.firsts()).toEqual(here.firsts());
    expect([here.socket.connected, there.socket.connected, rejections]).toEqual([true, true, []]);
  });

  test('what cannot be held is refused with a code, and emits tell it to operators', async () => {
    const { redis, one, two, here } = await start({}, 5_000);
    await goesAway(redis, one, two);
    const big = 'x'.repeat(1024 * 1024);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 12 }, (_, n) =>
        Promise.race([one.publish(['r'], 'said', n, big), Promise.resolve()]),
      ),
    );
    const refused = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.reason).toMatchObject({ code: 'log_full', retryable: true });
    one.io.to('r').emit('said', 'too much', big);
    await eventually(() => one.faults.some(({ operation }) => operation === 'publish'));
    one.io.volatile.emit('fleeting');
    // The held ones expire, and nobody is left to be told but those who asked.
    await eventually(() => one.faults.filter(({ operation }) => operation === 'publish').length > 1, {
      timeoutMs: 20_000,
    });
    await comesBack(redis, one, two);
    one.io.to('r').emit('said', 'after');
    await settled(one, [here]);
    expect(here.firsts().at(-1)).toBe('after');
    expect(rejections.filter((reason) => (reason as { code?: string }).code !== 'log_expired')).toEqual([]);
  });

  test('and it freezes instead, nothing is lost or said twice', async () => {
    const { redis, one, two, here, there } = await start();
    redis.pause();
    for (let n = 0; n < 20; n += 1) (n % 2 === 0 ? one : two).io.to('r').emit('said', n);
    await eventually(() => !one.log.available && !two.log.available, { describe: () => 'Redis is missed' });
    redis.resume();
    await eventually(() => one.adapter.ready && two.adapter.ready, { timeoutMs: 20_000 });
    await settled(one, [here, there]);
    await settled(two, [here, there]);
    expect(here.firsts()).toEqual(there.firsts());
    expect(new Set(here.firsts()).size).toBe(here.firsts().length);
    for (const parity of [0, 1]) {
      const heard = (here.firsts() as number[]).filter((n) => n % 2 === parity);
      expect(heard).toEqual(heard.toSorted((a, b) => a - b));
    }
    expect([here.socket.connected, rejections]).toEqual([true, []]);
  });

  test('with the policy `deliver`, who is at the publishing node hears it at once, and others later, each once', async () => {
    const { redis, one, two, here, there } = await start({ whenAway: 'deliver' });
    const neighbour = await connectLanesClient(scope, one);
    await neighbour.join(one, ['s', 'x']);
    await goesAway(redis, one, two);
    one.io.to(['r', 's']).emit('said', 1);
    one.io.except('x').emit('said', 2, 'text');
    await eventually(() => here.firsts().length === 2 && neighbour.firsts().length === 1);
    expect(there.firsts()).toEqual([]);
    await comesBack(redis, one, two);
    one.io.to('r').emit('said', 3);
    await settled(one, [here, there, neighbour]);
    expect([here.firsts(), there.firsts(), neighbour.firsts()]).toEqual([[1, 2, 3], [1, 2, 3], [1]]);
    await here.cut(one);
    one.io.to('r').emit('said', 4);
    await here.comeBack(two);
    await settled(one, [here]);
    expect([here.socket.recovered, here.firsts()]).toEqual([true, [1, 2, 3, 4]]);
  });

  test('who returns is not turned away for good, and recovers once it is back', async () => {
    const { redis, one, two, here } = await start();
    await here.cut(one);
    await two.publish(['r'], 'said', 1);
    await goesAway(redis, one, two);
    let attempts = 0;
    here.socket.io.on('reconnect_attempt', () => (attempts += 1));
    here.socket.io.reconnection(true).reconnectionDelay(50).reconnectionDelayMax(50);
    here.head(two);
    await eventually(() => attempts > 0, { describe: () => 'it tries again' });
    expect(here.socket.connected).toBe(false);
    await comesBack(redis, one, two);
    await eventually(() => here.socket.connected);
    await settled(two, [here]);
    expect([here.socket.recovered, here.firsts()]).toEqual([true, [1]]);
  });

  test('who comes is let in only when what it is told to come back by is written, and hears everything from then on', async () => {
    const { redis, one, two } = await start();
    one.io.on('connection', (socket) => {
      void socket.join('lobby');
      socket.emit('welcome', 1);
      one.io.to('lobby').emit('arrived', socket.id);
    });
    await goesAway(redis, one, two);
    const reconnection = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 50 };
    const client = openLanesClient(scope, one, { client: reconnection });
    let refused = 0;
    client.socket.io.on('close', () => (refused += 1));
    await eventually(() => refused > 1, { timeoutMs: 40_000, describe: () => 'it is sent away, twice' });
    expect([client.pid, one.io.sockets.sockets.size, one.main.sids.size]).toEqual([undefined, 1, 1]);
    await comesBack(redis, one, two);
    await eventually(() => client.socket.connected, { describe: () => 'it is let in' });
    await settled(one, [client]);
    await eventually(() => client.firsts('arrived').length === 1 && client.firsts('welcome').length === 1, {
      describe: () => `it hears what was said at its arrival; it heard ${JSON.stringify(client.heard)}`,
    });
    // It would be back before the cut is seen.
    client.socket.io.reconnection(false);
    await client.cut(one);
    two.io.to('lobby').emit('said', 2);
    await client.comeBack(two);
    await settled(two, [client]);
    expect([client.socket.recovered, client.firsts('said')]).toEqual([true, [2]]);
  });

  test('a join waits, and hears everything from then on', async () => {
    const { redis, one, two, here } = await start();
    await goesAway(redis, one, two);
    let done = false;
    const joined = here.join(one, 'new').then(() => {
      done = true;
    });
    one.io.to('new').emit('said', 1);
    expect([done, here.at(one).rooms.has('new')]).toEqual([false, true]);
    await comesBack(redis, one, two);
    await joined;
    two.io.to('new').emit('said', 2);
    await settled(one, [here]);
    await settled(two, [here]);
    expect(here.firsts()).toEqual([1, 2]);
  });
});

test('a node that is far behind is not made to begin anew', async () => {
  const redis = await startRedis(scope);
  const proxy = await startFaultProxy(scope, {
    target: { host: '127.0.0.1', port: redis.port },
    scheme: 'redis',
  });
  const one = await startLanesNode(scope, redisGround(redis), 'one');
  const two = await startLanesNode(scope, redisGround(proxy), 'two');
  const client = await connectLanesClient(scope, two);
  await client.join(two, 'r');
  proxy.slow({ bytesPerSecond: 40_000 });
  // Six seconds' worth: twice as long as nothing need be heard for a connection to be given up.
  const numbers = Array.from({ length: 240 }, (_, n) => n);
  await Promise.all(numbers.map((n) => one.publish(['r'], 'said', n, '.'.repeat(1_000))));
  await eventually(() => client.firsts().length >= numbers.length, { timeoutMs: 40_000 });
  expect([client.firsts(), two.core?.subscriber().generation]).toEqual([numbers, 1]);
  expect(two.faults.filter(({ operation }) => operation === 'hear' || operation === 'resynchronize')).toEqual(
    [],
  );
});

test('a node that knows why it hears nothing looks for no other reason once it hears again', async () => {
  const node = await startLanesNode(scope, memoryGround(), 'one');
  await eventually(() => node.saw('canary').length > 0);
  node.hearing?.interrupt();
  const began = performance.now();
  // For longer than a node goes without hearing itself.
  await eventually(() => performance.now() - began > 4_500);
  const heard = node.saw('canary').length;
  node.hearing?.restore();
  await eventually(() => node.saw('canary').length > heard + 1);
  expect(node.faults.map(({ operation }) => operation)).not.toContain('hear');
});
