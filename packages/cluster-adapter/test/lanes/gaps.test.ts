import { afterEach, describe, expect, test } from '@jest/globals';
import { comparePositions } from '../../src/position.ts';
import { eventually, openScope, startFaultProxy, startRedis } from '@sluice/testkit';
import { holdLog, type Gate } from './held-log.ts';
import { connectLanesClient, settled, type LanesTestClient } from './lanes-client.ts';
import { memoryGround, redisGround, sharedRedisGround } from './lanes-ground.ts';
import { startTwoNodes, type LanesTestNode, type LanesTestOptions } from './lanes-node.ts';
import { createLogKeys, type LogKeys } from '../../src/log/log-keys.ts';
import { roomTopic } from '../../src/lanes/topic.ts';

const scope = openScope(afterEach);
const ground = sharedRedisGround();

interface Gap {
  readonly rooms: readonly string[];
  readonly from: string;
  readonly to: string;
}

const isPosition = expect.stringMatching(/^\d+-\d+$/) as unknown as string;
const gapsOf = (client: LanesTestClient): Gap[] => client.firsts('sluice:gap') as Gap[];

function keysOf({ core }: LanesTestNode): LogKeys {
  if (core === undefined) throw new Error('a node without Redis');
  return createLogKeys(core.keyspace);
}

/** A client in two rooms, of which one is trimmed while it is away. */
async function start(options: LanesTestOptions) {
  const place = ground();
  const [one, two] = await startTwoNodes(scope, place, options);
  const client = await connectLanesClient(scope, one);
  await client.join(one, ['r', 's']);
  const witness = await connectLanesClient(scope, two);
  await witness.join(two, ['r', 's']);
  two.io.to('r').emit('said', 1);
  await settled(two, [client]);
  const { id } = client.at(one);
  client.at(one).data = { name: 'ann' };
  await client.cut(one);
  await two.publish(['r'], 'said', 2);
  await two.publish(['s'], 'said', 3);
  await settled(two, [witness]);
  const trim = async (room: string, length: number): Promise<void> => {
    const { log } = keysOf(two).topic(roomTopic('/', room));
    await place.redis.command('XTRIM', log, 'MAXLEN', '=', String(length));
  };
  return { one, two, client, id, trim };
}

describe('where what a client missed has been trimmed', () => {
  test('it begins anew, and the reason is told to operators', async () => {
    const { one, two, client, id, trim } = await start({});
    await trim('r', 0);
    await client.comeBack(two);
    await settled(one, [client]);
    expect([client.socket.recovered, client.firsts(), client.socket.id === id]).toEqual([false, [1], false]);
    expect([client.at(two).rooms.size, client.at(two).data]).toEqual([1, {}]);
    expect(two.saw('admitted').at(-1)?.outcome).toEqual({ kind: 'fresh', reason: 'trimmed' });
  });

  test('it begins anew also where later entries are left', async () => {
    const { two, client, trim } = await start({});
    await two.publish(['r'], 'said', 4);
    await trim('r', 1);
    await client.comeBack(two);
    expect(client.socket.recovered).toBe(false);
  });

  test('it recovers where that was nothing it has missed', async () => {
    const { one, two, client } = await start({});
    const { log } = keysOf(two).topic(roomTopic('/', 'r'));
    const [first] = await two.log.read(roomTopic('/', 'r'), '0-0', 1);
    await two.core?.commands.send(['XDEL', log, first?.position ?? '']);
    await client.comeBack(two);
    await settled(one, [client]);
    expect([client.socket.recovered, client.firsts()]).toEqual([true, [1, 2, 3]]);
  });

  test('it may be told instead, before anything else, and keeps its name, rooms and data', async () => {
    const { one, two, client, id, trim } = await start({ onGap: 'signal' });
    await trim('r', 0);
    client.heard.length = 0;
    await client.comeBack(two);
    two.io.to('r').emit('said', 4);
    await settled(two, [client]);
    await settled(one, [client]);
    expect([client.socket.recovered, client.socket.id, client.at(two).data]).toEqual([
      false,
      id,
      { name: 'ann' },
    ]);
    expect(client.at(two).rooms).toEqual(new Set([id, 'r', 's']));
    expect(client.heard[0]).toEqual(['sluice:gap', { rooms: ['r'], from: isPosition, to: isPosition }]);
    expect([gapsOf(client).length, client.firsts('said')]).toEqual([1, [3, 4]]);
    expect(two.saw('admitted').at(-1)?.outcome).toEqual({ kind: 'signalled', reason: 'trimmed' });
  });

  test('and it has been told, it recovers the next time, with nothing lost that was there', async () => {
    const { one, two, client, id, trim } = await start({ onGap: 'signal' });
    await trim('r', 0);
    await client.comeBack(two);
    await settled(two, [client]);
    await client.cut(two);
    two.io.to(['r', 's']).emit('said', 4);
    await client.comeBack(one);
    await settled(one, [client]);
    expect([client.socket.recovered, client.socket.id, gapsOf(client).length]).toEqual([true, id, 1]);
    expect(client.firsts('said')).toEqual([1, 3, 4]);
  });

  // CONNECT ends after about 300 bytes, the gap after about 400.
  test.each([250, 280, 310, 330, 360, 400])(
    'and it is cut off after %d bytes, no gap stays unsaid',
    async (bytes) => {
      const { one, two, client, id, trim } = await start({ onGap: 'signal' });
      const proxy = await startFaultProxy(scope, {
        target: { host: '127.0.0.1', port: Number(new URL(two.url).port) },
      });
      await trim('r', 0);
      const connection = proxy.nextConnection();
      client.head(proxy);
      (await connection).cutAfter(bytes);
      await eventually(() => two.saw('admitted').length === 2 && two.io.sockets.sockets.size === 1);
      await eventually(() => client.socket.io.engine.readyState === 'closed' && !client.socket.connected);
      await client.comeBack(one);
      await settled(one, [client]);
      const { recovered } = client.socket;
      const isNew = client.socket.id !== id;
      expect([recovered && gapsOf(client).length === 0, recovered && isNew]).toEqual([false, false]);
      expect(client.firsts('said')).toEqual(isNew ? [1] : [1, 3]);
    },
  );
});

describe('a gap that opens', () => {
  const gates: Gate[] = [];
  const slow = () => {
    gates.length = 0;
    return memoryGround((log) => {
      const held = holdLog(log, 'read', (topic) => topic === '/,r');
      gates.push(held.gate);
      return held.log;
    });
  };
  test.each(['fresh', 'signal'] as const)('beneath a client that listens is said (%s)', async (onGap) => {
    const place = slow();
    const [one, two] = await startTwoNodes(scope, place, { onGap });
    const client = await connectLanesClient(scope, one, {
      client: { reconnection: true, reconnectionDelay: 10, reconnectionDelayMax: 10 },
    });
    const other = await connectLanesClient(scope, one);
    await client.join(one, 'r');
    await settled(two, [client, other]);
    const { hearing } = one;
    hearing?.interrupt();
    two.io.to('r').emit('said', 1);
    place.hub.trim('/,r');
    two.io.to('r').emit('said', 2);
    hearing?.restore();
    await settled(two, [other]);
    if (onGap === 'signal') {
      await settled(two, [client]);
      expect(gapsOf(client)).toEqual([{ rooms: ['r'], from: isPosition, to: isPosition }]);
      expect([client.firsts('said'), client.socket.connected]).toEqual([[2], true]);
    } else {
      await eventually(() => client.socket.connected && one.saw('admitted').length === 3);
      expect([client.socket.recovered, client.at(one).rooms.size]).toEqual([false, 1]);
    }
    expect(one.saw('gap').map(({ gap, sockets }) => [gap.topic, sockets])).toEqual([['/,r', 1]]);
  });

  test('while a client is being restored is said', async () => {
    const place = slow();
    const [one, two] = await startTwoNodes(scope, place, { onGap: 'signal' });
    const client = await connectLanesClient(scope, one);
    const listener = await connectLanesClient(scope, two);
    await client.join(one, 'r');
    await listener.join(two, 'r');
    await settled(one, [client, listener]);
    await client.cut(one);
    one.io.to('r').emit('said', 1);
    await settled(one, [listener]);
    // The one read waits, and the node goes on hearing meanwhile: but for what it could not hear.
    const gate = gates[1] as Gate;
    gate.shut();
    client.head(two);
    await eventually(() => gate.waiting === 1);
    const pass = gate.release();
    const { hearing } = two;
    hearing?.interrupt();
    one.io.to('r').emit('said', 2);
    place.hub.trim('/,r');
    one.io.to('r').emit('said', 3);
    hearing?.restore();
    await eventually(() => gapsOf(listener).length === 1);
    pass();
    await eventually(() => client.socket.connected);
    await settled(one, [client]);
    const isWhole = client.firsts('said').join() === '1,2,3';
    expect(isWhole || gapsOf(client).length > 0).toBe(true);
    expect(client.socket.recovered && !isWhole).toBe(false);
  });
});

describe('where Redis has lost its data', () => {
  test.each(['fresh', 'signal'] as const)('nobody takes himself for whole (%s)', async (onGap) => {
    const redis = await startRedis(scope, { conf: { appendonly: 'no' } });
    const [one, two] = await startTwoNodes(scope, redisGround(redis), { onGap });
    const away = await connectLanesClient(scope, one);
    const there = await connectLanesClient(scope, one, {
      client: { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 50 },
    });
    await away.join(one, 'r');
    await there.join(one, 'r');
    two.io.to('r').emit('said', 1);
    await settled(two, [away, there]);
    await away.cut(one);
    await two.publish(['r'], 'said', 2);
    await redis.kill();
    await redis.restart();
    await eventually(() => one.adapter.ready && two.adapter.ready, { timeoutMs: 20_000 });
    if (onGap === 'signal') {
      await eventually(() => gapsOf(there).length > 0 || there.socket.id !== away.socket.id);
    }
    await away.comeBack(two);
    expect(away.socket.recovered).toBe(false);
    // Whoever stayed was told, or was closed and has begun anew.
    await eventually(
      () => there.socket.connected && (gapsOf(there).length > 0 || one.saw('admitted').length > 2),
      {
        describe: () => JSON.stringify([there.heard, one.observed]),
      },
    );
    // Positions do not begin again: what is said now has its place behind all that was.
    const { position } = await two.publish(['r'], 'said', 3);
    expect(Number(position.split('-')[0])).toBeGreaterThan(Number(String(away.offset).split('-')[0]));
    expect(there.firsts('said').filter((n) => n === 2).length).toBeLessThanOrEqual(1);
  });
});

describe('a client to whom nothing was said', () => {
  test('is not told of a gap where all that was trimmed was not for it', async () => {
    const { prefix: _prefix, redis, ...place } = ground();
    // Looked at each three seconds; what has surely arrived is known once a heartbeat has come back, however late.
    const [one, two] = await startTwoNodes(scope, place, {
      maxDisconnectionMs: 6_000,
      server: { pingInterval: 200, pingTimeout: 8_000 },
    });
    const speaker = await connectLanesClient(scope, one);
    const witness = await connectLanesClient(scope, two);
    await speaker.join(one, 'r');
    await witness.join(two, 'r');
    for (let n = 0; n < 5; n += 1) speaker.at(one).to('r').emit('said', n);
    await eventually(() => witness.firsts().length === 5);
    const { _pid: pid } = speaker.socket as unknown as Record<'_pid', string>;
    const session = two.core?.keyspace.key('session', pid) as string;
    await eventually(
      async () => {
        const since = String(await redis.command('HGET', session, 'start'));
        return comparePositions(since, witness.offset as string) >= 0;
      },
      { timeoutMs: 60_000 },
    );
    await redis.command('XTRIM', keysOf(two).topic(roomTopic('/', 'r')).log, 'MAXLEN', '=', '1');
    await speaker.cut(one);
    await speaker.comeBack(two);
    expect(speaker.socket.recovered).toBe(true);
  });
});
