import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createRedisCore, redisError, type RedisCore } from '@sluice/redis-core';
import {
  eventually,
  openScope,
  startFaultProxy,
  startRedis,
  type FaultProxy,
  type RedisServer,
} from '@sluice/testkit';
import { Server } from 'socket.io';
import { io as connectTo, type Socket as ClientSocket } from 'socket.io-client';
import { createClusterDriver, driverNames, type ClusterDriver, type DriverName } from '../src/index.ts';

const scope = openScope(afterEach);

interface Node {
  readonly io: Server;
  readonly driver: ClusterDriver;
  readonly core: RedisCore;
  readonly url: string;
  readonly faults: string[];
  readonly delivered: string[];
}

async function startNode(redis: RedisServer, nodeId: string, name: DriverName): Promise<Node> {
  // As long as Redis may take to come back on a busy machine.
  const deadlineMs = 30_000;
  const core = createRedisCore({ url: redis.url, nodeId, tuning: { deadlineMs } });
  const faults: string[] = [];
  const delivered: string[] = [];
  const driver = await createClusterDriver(core, {
    driver: name,
    log: { maxEntries: 1_000, maxAgeMs: 60_000, idempotencyTtlMs: 60_000 },
    publishDeadlineMs: deadlineMs,
    ephemeralEvents: ['fleeting'],
    onObserved(observation) {
      if (observation.kind !== 'delivered') return;
      const { namespace, event, recipients } = observation;
      delivered.push(`${namespace} ${event} ${recipients}`);
    },
    onFault: ({ operation, cause }) => {
      // A connection that was lost because the machine stood still is no fault of the driver.
      const isLoss = redisError.is(cause, 'redis_connection_lost', 'redis_unavailable');
      if (operation !== 'hear' && !isLoss) faults.push(operation);
    },
  });
  const http = createServer();
  const io = new Server(http, {
    ...(driver.recovers && {
      connectionStateRecovery: { maxDisconnectionDuration: 60_000, skipMiddlewares: false },
    }),
  });
  io.adapter(driver.adapter);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const signal = new AbortController().signal;
  await core.start(signal);
  await driver.start(signal);
  scope.onClose(async () => {
    await io.close();
    await driver.stop(1_000);
    await core.stop(1_000);
  });
  await eventually(() => driver.ready);
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return { io, driver, core, url, faults, delivered };
}

/** A stock client, connected; `heard` collects every event with its arguments. */
async function connectClient(
  node: Node,
  options: object = {},
): Promise<{ socket: ClientSocket; heard: unknown[][] }> {
  const heard: unknown[][] = [];
  const socket = connectTo(node.url, { transports: ['websocket'], forceNew: true, ...options });
  scope.onClose(() => socket.disconnect());
  socket.onAny((...args: unknown[]) => heard.push(args));
  await eventually(() => socket.connected);
  return { socket, heard };
}

const publication = (room: string, key: string, data: Record<string, string> = { text: 'hi' }) => ({
  room,
  event: 'said',
  data,
  idempotencyKey: ['ann', key] as const,
});

describe.each([...driverNames])('a publication over %s', (name) => {
  test('reaches members on every node once, the publishing one included, and is the history', async () => {
    const redis = await startRedis(scope);
    const [one, two] = await Promise.all([startNode(redis, 'one', name), startNode(redis, 'two', name)]);
    const members = await Promise.all([connectClient(one), connectClient(two), connectClient(two)]);
    for (const node of [one, two]) {
      for (const socket of node.io.sockets.sockets.values()) await socket.join('r');
      await node.driver.joined('r');
    }
    const hostile = { text: '"id":"0-0","sentAt":0} \u2028 \\ %d "', clientId: '__proto__' };
    const first = await one.driver.publish(publication('r', '1', hostile));
    const again = await two.driver.publish(publication('r', '1', { text: 'other' }));
    const other = await two.driver.publish(publication('r', '2'));
    expect(again).toEqual({ ...first, duplicate: true });
    expect(first.duplicate).toBe(false);
    const said = (client: { heard: unknown[][] }): unknown[] =>
      client.heard.filter(([event]) => event === 'said').map(([, message]) => message);
    await eventually(() => members.every((member) => said(member).length === 2));
    for (const member of members) {
      expect(said(member)).toEqual([
        { id: first.id, sentAt: first.sentAt, ...hostile },
        { id: other.id, sentAt: other.sentAt, text: 'hi' },
      ]);
    }
    expect(await two.driver.history.read('r', { limit: 10 })).toEqual({
      entries: [
        { id: first.id, sentAt: first.sentAt, event: 'said', data: hostile },
        { id: other.id, sentAt: other.sentAt, event: 'said', data: { text: 'hi' } },
      ],
      more: false,
    });
    expect([...one.faults, ...two.faults]).toEqual([]);
  });

  test('given twenty times at once on two nodes, with Redis crashing meanwhile, is one', async () => {
    const redis = await startRedis(scope);
    const [one, two] = await Promise.all([startNode(redis, 'one', name), startNode(redis, 'two', name)]);
    const publish = (index: number) => (index % 2 === 0 ? one : two).driver.publish(publication('r', 'same'));
    const before = await Promise.all(Array.from({ length: 10 }, (_, index) => publish(index)));
    await redis.kill();
    const during = Array.from({ length: 10 }, (_, index) => publish(index));
    await redis.restart();
    const published = [...before, ...(await Promise.all(during))];
    expect(new Set(published.map(({ id }) => id)).size).toBe(1);
    expect(published.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect((await one.driver.history.read('r', { limit: 10 })).entries).toHaveLength(1);
  });
});

describe.each([...driverNames])('what a node writes over %s', (name) => {
  test('is told once for each event, with how many sockets got it', async () => {
    const redis = await startRedis(scope);
    const [one, two] = await Promise.all([startNode(redis, 'one', name), startNode(redis, 'two', name)]);
    const clients = await Promise.all([connectClient(one), connectClient(two), connectClient(two)]);
    for (const node of [one, two]) {
      for (const socket of node.io.sockets.sockets.values()) {
        await socket.join('r');
        // A broadcast in the middle of another is an event of its own.
        socket.onAnyOutgoing((event: string) => {
          if (event === 'said') node.io.local.to(socket.id).emit('echoed');
        });
      }
      await node.driver.joined('r');
    }
    await one.driver.publish(publication('r', '1'));
    const heardBy = (event: string): number =>
      clients.filter(({ heard }) => heard.some(([heardEvent]) => heardEvent === event)).length;
    await eventually(() => heardBy('echoed') === 3);
    one.io.to('r').emit('shouted', 'loud');
    await eventually(() => heardBy('shouted') === 3);
    two.io.local.to('r').emit('whispered');
    one.io.to('nobody is there').emit('unheard');
    // Neither a command to sockets nor a look at them writes anything.
    await one.io.local.fetchSockets();
    two.io.local.socketsJoin('elsewhere');
    one.io.to('r').emit('last');
    await eventually(() => heardBy('last') === 3);
    expect(one.delivered.toSorted()).toEqual(['/ echoed 1', '/ last 1', '/ said 1', '/ shouted 1']);
    expect(two.delivered.toSorted()).toEqual([
      '/ echoed 1',
      '/ echoed 1',
      '/ last 2',
      '/ said 2',
      '/ shouted 2',
      '/ whispered 2',
    ]);
  });
});

describe.each([...driverNames])('while connections to Redis break over and over, over %s', (name) => {
  test('members on another node hear everything, once and in order', async () => {
    const redis = await startRedis(scope);
    const [one, two] = await Promise.all([startNode(redis, 'one', name), startNode(redis, 'two', name)]);
    const { heard } = await connectClient(two);
    for (const socket of two.io.sockets.sockets.values()) await socket.join('r');
    await two.driver.joined('r');
    const ids: string[] = [];
    const state = { breaking: true };
    const publishing = (async () => {
      while (state.breaking) ids.push((await one.driver.publish(publication('r', `${ids.length}`))).id);
    })();
    for (let round = 0; round < 12; round += 1) {
      const before = ids.length;
      // All of them, then now and then only those that listen.
      if (round % 3 === 0) await redis.command('CLIENT', 'KILL', 'TYPE', 'normal');
      await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
      if (round === 6) {
        await redis.kill();
        await redis.restart();
      }
      await eventually(() => ids.length > before + 10);
    }
    state.breaking = false;
    await publishing;
    await eventually(() => heard.length >= ids.length, {
      describe: () => `${heard.length} of ${ids.length}`,
    });
    expect(heard.map(([, message]) => (message as { id: string }).id)).toEqual(ids);
  });
});

describe.each([...driverNames])(
  'where all data is lost and ids begin anew below the old ones, over %s',
  (name) => {
    test('members hear what is published from then on', async () => {
      const redis = await startRedis(scope);
      const [one, two] = await Promise.all([startNode(redis, 'one', name), startNode(redis, 'two', name)]);
      const { heard } = await connectClient(two);
      for (const socket of two.io.sockets.sockets.values()) await socket.join('r');
      await two.driver.joined('r');
      // As a clock that was an hour ahead leaves them.
      const ahead = `${Date.now() + 3_600_000}-0`;
      await redis.command('XADD', one.core.keyspace.shared('adapter-stream'), ahead, 'nsp', '/none');
      await redis.command(
        'XADD',
        one.core.keyspace.key('room-log', 'r'),
        ahead,
        'event',
        'said',
        'data',
        '{}',
      );
      await one.driver.publish(publication('r', '1'));
      await eventually(() => heard.length === 1);
      await redis.command('FLUSHALL');
      await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
      let key = 1;
      await eventually(async () => {
        key += 1;
        await one.driver.publish(publication('r', `${key}`, { text: 'anew' }));
        return heard.length > 2;
      });
      const anew = heard.slice(1).map(([, message]) => (message as { id: string }).id);
      expect(new Set(anew).size).toBe(anew.length);
      expect(anew.every((id) => Number(id.split('-')[0]) < Number(ahead.split('-')[0]))).toBe(true);
    });
  },
);

describe('the history', () => {
  test('is paged from the newest back, and trimmed by age and number', async () => {
    const redis = await startRedis(scope);
    const core = createRedisCore({ url: redis.url, nodeId: 'n', tuning: { deadlineMs: 30_000 } });
    const driver = await createClusterDriver(core, {
      driver: 'streams',
      log: { maxEntries: 100, maxAgeMs: 60_000, idempotencyTtlMs: 60_000 },
      onFault: () => undefined,
    });
    await core.start(new AbortController().signal);
    scope.onClose(async () => {
      await driver.stop(0);
      await core.stop(1_000);
    });
    const ids: string[] = [];
    for (let index = 0; index < 400; index += 1)
      ids.push((await driver.publish(publication('r', `${index}`))).id);
    const newest = await driver.history.read('r', { limit: 3 });
    expect(newest.entries.map(({ id }) => id)).toEqual(ids.slice(-3));
    expect(newest.more).toBe(true);
    const before = await driver.history.read('r', { before: ids.at(-3) as string, limit: 2 });
    expect(before.entries.map(({ id }) => id)).toEqual(ids.slice(-5, -3));
    // Redis trims in blocks of 100 entries (stream-node-max-entries).
    const kept = Number(await redis.command('XLEN', core.keyspace.key('room-log', 'r')));
    expect(kept).toBeGreaterThanOrEqual(100);
    expect(kept).toBeLessThanOrEqual(200);
    const oldest = (await driver.history.read('r', { limit: 1_000 })).entries[0]?.id as string;
    expect(await driver.history.read('r', { before: oldest, limit: 1 })).toEqual({
      entries: [],
      more: false,
    });
    expect(await driver.history.read('empty', { limit: 1 })).toEqual({ entries: [], more: false });
    const lifeMs = Number(await redis.command('PTTL', core.keyspace.key('room-log', 'r')));
    expect(lifeMs).toBeGreaterThan(0);
    expect(lifeMs).toBeLessThanOrEqual(60_000);
  });
});

describe('over streams', () => {
  test('a node hears what was sent before its first event and after an idle reconnect', async () => {
    const redis = await startRedis(scope);
    const [one, two] = await Promise.all([
      startNode(redis, 'one', 'streams'),
      startNode(redis, 'two', 'streams'),
    ]);
    const { heard } = await connectClient(two);
    for (const socket of two.io.sockets.sockets.values()) await socket.join('r');
    await redis.kill();
    await redis.restart();
    // No entry has been read yet: reading on from "now" would skip what comes before the next read begins.
    await redis.command('CLIENT', 'KILL', 'TYPE', 'normal');
    await one.driver.publish(publication('r', '1', { text: 'before' }));
    await eventually(() => heard.length === 1);
    await redis.command('CLIENT', 'KILL', 'TYPE', 'normal');
    await one.driver.publish(publication('r', '2', { text: 'after' }));
    await eventually(() => heard.length === 2);
    expect(heard.map(([event, message]) => [event, (message as { text: string }).text])).toEqual([
      ['said', 'before'],
      ['said', 'after'],
    ]);
  });

  test.each<[string, (node: Node, index: number) => Promise<unknown>]>([
    ['publications', (node, index) => node.driver.publish(publication('r', `${index}`, { n: `${index}` }))],
    [
      'broadcasts of the node that it comes back to',
      (node, index) => {
        node.io.to('r').emit('said', { n: `${index}` });
        return Promise.resolve();
      },
    ],
  ])('a client cut off again and again in the middle of %s misses and repeats nothing', async (_, say) => {
    const redis = await startRedis(scope);
    const target = { host: '127.0.0.1', port: redis.port };
    const links = [await startFaultProxy(scope, { target, scheme: 'redis' })];
    links.push(await startFaultProxy(scope, { target, scheme: 'redis' }));
    const start = async (name: string, link: FaultProxy): Promise<Node> => {
      const node = await startNode({ ...redis, url: link.url }, name, 'streams');
      // As long as the check of a token takes, and longer.
      node.io.use((_socket, next) => void pause(15).then(() => next()));
      node.io.on('connection', (socket) => {
        node.driver.replayMissed(socket);
        if (!socket.recovered) void socket.join('r');
      });
      // What has been published and what has been read differ by more than a moment.
      link.slow({ latencyMs: 2 });
      return node;
    };
    const nodes = await Promise.all(links.map((link, index) => start(`node-${index}`, link)));
    const [one, two] = nodes as [Node, Node];
    const { socket, heard } = await connectClient(one);
    socket.io.reconnection(false);
    const state: { speaking: Node | undefined } = { speaking: one };
    let said = 0;
    const publishing = (async () => {
      for (; state.speaking !== undefined; said += 1) {
        await say(state.speaking, said);
        await pause(4);
      }
    })();
    await eventually(() => heard.length > 0);
    for (let round = 0; round < 20; round += 1) {
      const [from, to] = round % 2 === 0 ? [one, two] : [two, one];
      socket.io.engine.close();
      await eventually(() => from.io.sockets.sockets.size === 0);
      // The node writes the session when the socket has left; who comes earlier gets a fresh one.
      await eventually(
        async () => ((await redis.command('KEYS', 'sluice:adapter-session:*')) as unknown[]).length === 1,
      );
      state.speaking = to;
      (socket.io as unknown as { uri: string }).uri = to.url;
      socket.connect();
      await eventually(() => socket.connected);
      expect([round, socket.recovered]).toEqual([round, true]);
    }
    state.speaking = undefined;
    await publishing;
    const numbers = (): number[] => heard.map(([, message]) => Number((message as { n: string }).n));
    await eventually(() => numbers().at(-1) === said - 1);
    const first = said - heard.length;
    expect(numbers()).toEqual(heard.map((_message, index) => first + index));
  });

  test('what a node says to its sockets and what it does with them keep their order', async () => {
    const redis = await startRedis(scope);
    const target = { host: '127.0.0.1', port: redis.port };
    const link = await startFaultProxy(scope, { target, scheme: 'redis' });
    const node = await startNode({ ...redis, url: link.url }, 'one', 'streams');
    link.slow({ latencyMs: 2 });
    const { heard } = await connectClient(node, { reconnection: false });
    for (let round = 0; round < 60; round += 1) {
      node.io.emit('noise');
      await pause(round % 7);
      node.io.socketsJoin(`r${round}`);
      node.io.to(`r${round}`).emit('said', round);
      node.io.socketsLeave(`r${round}`);
    }
    node.io.emit('last');
    await eventually(() => heard.some(([event]) => event === 'last'));
    expect(heard.filter(([event]) => event === 'said')).toHaveLength(60);
    for (let round = 0; round < 20; round += 1) {
      const leaving = await connectClient(node, { reconnection: false });
      node.io.emit('noise');
      await pause(round % 7);
      node.io.emit('bye');
      node.io.disconnectSockets();
      await eventually(() => !leaving.socket.connected);
      expect([round, leaving.heard.filter(([event]) => event === 'bye').length]).toEqual([round, 1]);
    }
  });

  test('nothing is replayed to a socket that a middleware refuses', async () => {
    const redis = await startRedis(scope);
    const node = await startNode(redis, 'one', 'streams');
    let refuse = false;
    node.io.use((_socket, next) => next(refuse ? new Error('revoked') : undefined));
    node.io.on('connection', (socket) => {
      node.driver.replayMissed(socket);
      void socket.join('r');
    });
    const { socket, heard } = await connectClient(node);
    await node.driver.publish(publication('r', '1', { text: 'first' }));
    await eventually(() => heard.length === 1);
    const refusals: string[] = [];
    socket.on('connect_error', (error) => refusals.push(error.message));
    const cut = async (): Promise<void> => {
      socket.io.engine.close();
      await eventually(() => node.io.sockets.sockets.size === 0);
    };

    socket.io.reconnection(false);
    await cut();
    node.io.emit('fleeting', 'typing');
    await node.driver.publish(publication('r', '2', { text: 'missed' }));
    socket.connect();
    await eventually(() => socket.connected);
    await eventually(() => heard.length === 2);
    expect(socket.recovered).toBe(true);
    expect(heard.map(([event, message]) => [event, (message as { text: string }).text])).toEqual([
      ['said', 'first'],
      ['said', 'missed'],
    ]);

    refuse = true;
    await cut();
    await node.driver.publish(publication('r', '3', { text: 'secret' }));
    const packets: unknown[] = [];
    socket.io.on('packet', (packet) => packets.push(packet));
    socket.connect();
    await eventually(() => refusals.includes('revoked'));
    expect(JSON.stringify(packets)).not.toContain('secret');
  });

  test('the offset of one session does not recover another that was cut off before it heard anything', async () => {
    const redis = await startRedis(scope);
    const node = await startNode(redis, 'one', 'streams');
    node.io.on('connection', (socket) => {
      node.driver.replayMissed(socket);
      if (!socket.recovered) void socket.join('r');
    });
    const { heard } = await connectClient(node);
    await node.driver.publish(publication('r', '1'));
    await eventually(() => heard.length === 1);
    const [{ id }] = heard.map(([, message]) => message as { id: string }) as [{ id: string }];
    // A fresh session that comes with the old offset, as after a killed gateway, and is cut off at once.
    const second = connectTo(node.url, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      auth: { offset: id },
    });
    scope.onClose(() => second.disconnect());
    await eventually(() => second.connected);
    const pid = (second as unknown as Record<string, string>)['_pid'];
    second.io.engine.close();
    await eventually(() => node.io.sockets.sockets.size === 1);
    const third = connectTo(node.url, {
      transports: ['websocket'],
      forceNew: true,
      auth: { pid, offset: id },
    });
    scope.onClose(() => third.disconnect());
    await eventually(() => third.connected);
    expect(third.recovered).toBe(false);
  });

  test.each(['', 'a:b', '../x', 'x'.repeat(65), '*'])(
    'the pid %p restores nothing and reaches no key',
    async (pid) => {
      const redis = await startRedis(scope);
      const node = await startNode(redis, 'one', 'streams');
      await redis.command('SET', `sluice:adapter-session:${pid}`, 'kept');
      const { socket } = await connectClient(node, { auth: { pid, offset: '0-0' } });
      expect(socket.recovered).toBe(false);
      expect(await redis.command('GET', `sluice:adapter-session:${pid}`)).toBe('kept');
    },
  );
});
