import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createRedisCore, type Commands, type RedisCore } from '@sluice/redis-core';
import { eventually, openScope, startRedis } from '@sluice/testkit';
import { createMemorySessionStore, createSessionStore } from '../src/index.ts';
import { ada, claimed, maxDisconnectionMs, newSession, startCore } from './benches.ts';

const scope = openScope(afterEach);

/** A core that remembers the scripts run through it, so that one can be run once more: late, or again. */
function recorded(core: RedisCore): { core: RedisCore; again: (index: number) => Promise<unknown> } {
  const runs: Parameters<Commands['run']>[] = [];
  const { commands } = core;
  const run: Commands['run'] = (...args) => {
    runs.push(args);
    return commands.run(...args);
  };
  return {
    core: { ...core, commands: { run } as Commands },
    again: (index) => commands.run(...(runs[index] as Parameters<Commands['run']>)),
  };
}

describe('a command that runs once more', () => {
  test('leaves alone what later ones wrote', async () => {
    const redis = await startRedis(scope);
    const { core, again } = recorded(await startCore(scope, redis));
    const store = createSessionStore(core, { maxDisconnectionMs });
    const session = newSession({ rooms: {} });
    const hold = { pid: session.pid, generation: 1 };
    await store.create(session);
    await store.save(hold, { joined: { garden: '6-0' } });
    await store.save(hold, { left: ['garden'], joined: { attic: '7-0' } });
    await again(2);
    await again(1);
    await again(0);
    const left = { ...session, rooms: { attic: '7-0' }, owner: 'node-2' };
    expect(await claimed(store, session.pid)).toEqual({ ...left, generation: 2 });
    await again(0);
    await again(2);
    expect(await claimed(store, session.pid)).toEqual({ ...left, generation: 3 });
  });

  test('raises a generation once where it is a claim, and names the same owner', async () => {
    const redis = await startRedis(scope);
    const { core, again } = recorded(await startCore(scope, redis));
    const store = createSessionStore(core, { maxDisconnectionMs });
    const session = newSession();
    await store.create(session);
    await store.claim(session.pid, ada);
    const reply = (await again(1)) as string[];
    expect(reply[reply.indexOf('previousOwner') + 1]).toBe('node-1');
    expect(await store.save({ pid: session.pid, generation: 2 }, { data: '1' })).toBe(true);
    expect(await store.claim(session.pid, { ...ada, owner: 'node-3' })).toMatchObject({
      session: { generation: 3 },
      previousOwner: 'node-2',
    });
    expect(await store.save({ pid: session.pid, generation: 3 }, { data: '2' })).toBe(true);
  });
});

test('a save touches nothing but what it changes, in one round trip', async () => {
  const redis = await startRedis(scope);
  const store = createSessionStore(await startCore(scope, redis), { maxDisconnectionMs });
  const session = newSession({ rooms: { a: '1-0', b: '1-1' } });
  const hold = { pid: session.pid, generation: 1 };
  await store.create(session);
  await store.save(hold, {});
  const key = `sluice:session:{${session.pid}}`;
  await redis.command('HSET', key, 'data', 'planted', 'r:b', 'planted', 'user', 'planted');
  await redis.command('CONFIG', 'RESETSTAT');
  await store.save(hold, { joined: { c: '1-2' }, left: ['a'] });
  const statistics = String(await redis.command('INFO', 'commandstats'));
  const calls = [...statistics.matchAll(/^cmdstat_(\w+):calls=(\d+)/gm)].map(([, name, count]) => [
    name,
    Number(count),
  ]);
  expect(Object.fromEntries(calls)).toMatchObject({ evalsha: 1, hmget: 1, hdel: 1, hset: 2, pexpire: 1 });
  expect(statistics).not.toContain('hgetall');
  expect(await redis.command('HMGET', key, 'data', 'r:a', 'r:b', 'r:c', 'user')).toEqual([
    'planted',
    null,
    'planted',
    '1-2',
    'planted',
  ]);
});

test('sessions leave nothing behind in Redis, whether removed or not', async () => {
  const redis = await startRedis(scope);
  const core = await startCore(scope, redis);
  const store = createSessionStore(core, { maxDisconnectionMs });
  const removed = newSession();
  await store.create(removed);
  await store.remove({ pid: removed.pid, generation: 1 });
  expect(await redis.command('DBSIZE')).toBe(0);
  const session = newSession();
  await store.create(session);
  await store.claim(session.pid, ada);
  await store.save({ pid: session.pid, generation: 2 }, { joined: { garden: '6-0' } });
  const key = `sluice:session:{${session.pid}}`;
  expect(await redis.command('KEYS', '*')).toEqual([key]);
  expect(await redis.command('PTTL', key)).toBeGreaterThan(0);
  await redis.command('DEL', key);
  const brief = createSessionStore(core, { maxDisconnectionMs: 100 });
  await brief.create(session);
  await eventually(async () => (await redis.command('DBSIZE')) === 0);
  expect(await brief.claim(session.pid, ada)).toEqual({ kind: 'unknown' });
});

test('a crash of Redis loses no session, and what was asked meanwhile is answered', async () => {
  const redis = await startRedis(scope);
  const core = await startCore(scope, redis, { tuning: { deadlineMs: 20_000 } });
  const store = createSessionStore(core, { maxDisconnectionMs });
  const [session, other] = [newSession(), newSession()];
  await Promise.all([store.create(session), store.create(other)]);
  await redis.kill();
  const answers = Promise.all([
    store.claim(session.pid, ada),
    store.save({ pid: other.pid, generation: 1 }, { left: ['garden'] }),
    store.touch([{ pid: other.pid, generation: 1 }]),
  ]);
  await redis.restart();
  expect(await answers).toMatchObject([{ kind: 'claimed', session: { rooms: session.rooms } }, true, []]);
});

test('errors are coded, and tell nothing of a session', async () => {
  const redis = await startRedis(scope);
  const cores = {
    // What is answered at all is answered within the usual deadline, and what is not need not be waited for as long.
    answered: await startCore(scope, redis),
    unanswered: await startCore(scope, redis, { tuning: { deadlineMs: 300 } }),
  };
  const session = newSession({
    pid: 'secret-pid',
    user: 'secret-user',
    rooms: { 'secret-room': '1-0' },
    data: '"secret-data"',
  });
  const hold = { pid: session.pid, generation: 1 };
  const expectAll = async (core: RedisCore, code: string): Promise<void> => {
    const store = createSessionStore(core, { maxDisconnectionMs });
    const outcomes = await Promise.allSettled([
      store.create(session),
      store.save(hold, { joined: session.rooms, data: session.data }),
      store.claim(session.pid, { ...ada, user: session.user }),
      store.touch([hold]),
      store.remove(hold),
    ]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code } });
      expect(inspect(outcome, { depth: Infinity, showHidden: true })).not.toContain('secret');
    }
  };

  await redis.command('SET', 'sluice:session:{secret-pid}', 'of another type');
  await expectAll(cores.answered, 'redis_refused');
  redis.pause();
  await expectAll(cores.unanswered, 'redis_unavailable');
  redis.resume();
  await redis.kill();
  await expectAll(cores.unanswered, 'redis_unavailable');
  await cores.unanswered.stop(100);
  await expectAll(cores.unanswered, 'redis_closed');
});

test('a Redis without memory changes nothing', async () => {
  const redis = await startRedis(scope);
  const store = createSessionStore(await startCore(scope, redis), { maxDisconnectionMs });
  const core = await startCore(scope, redis, { tuning: { deadlineMs: 300 } });
  const hasty = createSessionStore(core, { maxDisconnectionMs });
  const session = newSession();
  await store.create(session);
  const hash = () => redis.command('HGETALL', `sluice:session:{${session.pid}}`);
  const before = await hash();
  await redis.command('CONFIG', 'SET', 'maxmemory', '1');
  const unavailable = { code: 'redis_unavailable' };
  await expect(hasty.claim(session.pid, ada)).rejects.toMatchObject(unavailable);
  await expect(hasty.save({ pid: session.pid, generation: 1 }, { data: '' })).rejects.toMatchObject(
    unavailable,
  );
  await expect(hasty.create(newSession())).rejects.toMatchObject(unavailable);
  // What was given up may still be on its way, and must not find memory: the stop waits for it.
  await core.stop(60_000);
  expect(await hash()).toEqual(before);
  expect(await redis.command('DBSIZE')).toBe(1);
  await redis.command('CONFIG', 'SET', 'maxmemory', '0');
  expect(await claimed(store, session.pid)).toEqual({ ...session, owner: 'node-2', generation: 2 });
});

test.each([0, -1, Number.NaN, Infinity])('no client may be away for %d ms', (bad) => {
  const core = createRedisCore({ url: 'redis://localhost', nodeId: 'node-1' });
  const invalid = expect.objectContaining({ code: 'redis_config_invalid' });
  expect(() => createSessionStore(core, { maxDisconnectionMs: bad })).toThrow(invalid);
  expect(() => createMemorySessionStore({ maxDisconnectionMs: bad })).toThrow(invalid);
});
