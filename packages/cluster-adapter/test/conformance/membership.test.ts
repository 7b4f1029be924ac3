import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import { join, settled } from './members.ts';
import { createNodes, ours, sharedRedis, startNodes, type Node } from './nodes.ts';

const scope = openScope(afterEach);
const redis = sharedRedis();

type Answer = (value: unknown) => void;

const patientMs = 20_000;

const counts = (nodes: readonly Node[], namespace = '/'): Promise<number[]> =>
  Promise.all(nodes.map(({ io }) => io.of(namespace).adapter.serverCount()));

describe.each(ours)('the nodes of a cluster over %s', (driver) => {
  const start = (leaseMs?: number) =>
    startNodes(scope, {
      redis: redis(),
      driver,
      namespaces: ['/custom'],
      ...(leaseMs !== undefined && { leaseMs }),
    });

  test('count each other from the first moment', async () => {
    const nodes = createNodes(scope, { redis: redis(), driver, namespaces: ['/custom'] });
    const started: Node[] = [];
    for (let size = 1; size <= 3; size += 1) {
      started.push(await nodes.start());
      expect(await counts(started)).toEqual(started.map(() => size));
      expect(await counts(started, '/custom')).toEqual(started.map(() => size));
    }
  });

  test('answer one that has only just started', async () => {
    const nodes = createNodes(scope, { redis: redis(), driver });
    const old = await nodes.start();
    const member = await join(scope, old);
    member.socket.on('ask', (answer: Answer) => answer('there'));
    old.io.on('hello', (answer: Answer) => answer('here'));
    const { io } = await nodes.start();
    const [asked, emitted, sockets] = await Promise.all([
      io.timeout(patientMs).emitWithAck('ask'),
      io.serverSideEmitWithAck('hello'),
      io.fetchSockets(),
    ]);
    expect([asked, emitted, sockets.length]).toEqual([['there'], ['here'], 1]);
  });

  test('are not counted nor waited for once they have left', async () => {
    const [one, two, three] = await start();
    const member = await join(scope, one);
    member.socket.on('ask', (answer: Answer) => answer('there'));
    for (const { io } of [one, two]) io.on('hello', (answer: Answer) => answer('here'));
    await three.leave();
    expect(await counts([one, two])).toEqual([2, 2]);
    expect(await two.io.timeout(patientMs).emitWithAck('ask')).toEqual(['there']);
    expect(await two.io.serverSideEmitWithAck('hello')).toEqual(['here']);
    expect(await two.io.fetchSockets()).toHaveLength(1);
  });

  test('are not waited for where they leave while they are asked', async () => {
    const [one, two, three] = await start();
    two.io.on('hello', (answer: Answer) => answer(2));
    three.io.on('hello', () => void three.leave());
    expect(await one.io.serverSideEmitWithAck('hello')).toEqual([2]);
  });

  test('are not waited for where they give up the namespace while they are asked', async () => {
    const [one, two, three] = await start();
    two.io.of('/custom').on('hello', (answer: Answer) => answer(2));
    three.io.of('/custom').on('hello', () => void three.io.of('/custom').adapter.close());
    expect(await one.io.of('/custom').serverSideEmitWithAck('hello')).toEqual([2]);
  });

  test('are not counted any more some time after they have crashed', async () => {
    const [one, two, three] = await start(4_000);
    const member = await join(scope, two);
    member.socket.on('ask', (answer: Answer) => answer('there'));
    two.io.on('hello', (answer: Answer) => answer(2));
    await three.crash();
    const asked = one.io.timeout(patientMs).emitWithAck('ask');
    // Those two are over after five seconds, which are little more than a whole lease and a beat.
    const leases = `${one.prefix}:members:{lane}`;
    await eventually(async () => {
      const [, endsAt] = (await redis().command('ZRANGE', leases, '0', '0', 'WITHSCORES')) as string[];
      return Number(endsAt) - Date.now() < 1_000;
    });
    const fetched = one.io.fetchSockets();
    const emitted = one.io.serverSideEmitWithAck('hello');
    expect(await asked).toEqual(['there']);
    expect(await fetched).toHaveLength(1);
    expect(await emitted).toEqual([2]);
    await eventually(async () => (await one.io.of('/').adapter.serverCount()) === 2);
    await eventually(async () => (await two.io.of('/custom').adapter.serverCount()) === 2);
  });

  test('that are silent cost an enquiry their sockets and no more', async () => {
    const [one, two, three] = await start();
    await Promise.all([join(scope, one), join(scope, two), join(scope, three)]);
    await three.crash();
    // Before its lease ends, and with time enough for the other.
    expect(await one.io.timeout(3_000).fetchSockets()).toHaveLength(2);
  });

  test('may close before they have begun, and twice', async () => {
    const node = await createNodes(scope, { redis: redis(), driver }).start('idle');
    await node.io.close();
    await node.io.close();
    expect(node.io.of('/').sockets.size).toBe(0);
    await node.leave();
  });

  test('close their adapters as often as they like, and others do not mind', async () => {
    const [one, two, three] = await start();
    const member = await join(scope, two);
    const { adapter } = three.io.of('/custom');
    await adapter.close();
    await adapter.close();
    await three.io.close();
    await adapter.close();
    await three.io.of('/').adapter.close();
    await three.leave();
    one.io.emit('test');
    await settled(one, [member]);
    expect(member.heard).toEqual([['test']]);
  });

  test('leave nothing behind in Redis that listens', async () => {
    const nodes = createNodes(scope, { redis: redis(), driver, namespaces: ['/custom'] });
    const started = [await nodes.start(), await nodes.start()] as const;
    const member = await join(scope, started[0]);
    await member.atServer.join('room');
    expect(await nodes.channels()).not.toEqual([]);
    for (const node of started) await node.leave();
    await eventually(async () => (await nodes.channels()).length === 0);
    const names = (await redis().clients()).map(({ name }) => String(name));
    expect(names.filter((name) => name.startsWith(started[0].prefix))).toEqual([]);
  });
});
