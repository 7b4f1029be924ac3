import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  eventually,
  freePort,
  openScope,
  startFaultProxy,
  startRedis,
  type FaultProxy,
  type RedisServer,
} from '@sluice/testkit';
import type { ClusterLog, LogReceipt } from '../../src/log/cluster-log.ts';
import { isAfter } from '../../src/position.ts';
import { openRedisLog, readAll, retention } from './log-benches.ts';

const scope = openScope(afterEach);
const topics = ['a', 'b', 'c'] as const;
const patient = { outboxMaxAgeMs: 30_000 };
// Notices a silent peer soon.
const alert = { ...patient, tuning: { probeEveryMs: 50, probeMs: 300 } };

interface Burst {
  readonly bodies: string[];
  readonly receipts: Promise<LogReceipt>[];
}

let bursts = 0;

/** Publications of one tick. */
function publishBurst(log: ClusterLog, count: number, filler = ''): Burst {
  bursts += 1;
  const bodies = Array.from({ length: count }, (_, i) => `${bursts}.${i}${filler}`);
  const receipts = bodies.map((body, i) => log.publish({ topics: [topics[i % 3] ?? 'a'], body, retention }));
  for (const receipt of receipts) receipt.catch(() => undefined);
  return { bodies, receipts };
}

/** What the log has of the burst, in its order. An entry that is not at the position its publisher was told says so. */
async function logged(log: ClusterLog, burst: Burst): Promise<string[]> {
  const receipts = await Promise.all(burst.receipts);
  const told = new Map(burst.bodies.map((body, i) => [body, receipts[i]?.position]));
  const entries = (await Promise.all(topics.map((topic) => readAll(log, topic)))).flat();
  return entries
    .toSorted((a, b) => (isAfter(a.position, b.position) ? 1 : -1))
    .map(({ body, position }) => ({ body: body.toString(), position }))
    .filter(({ body }) => told.has(body))
    .map(({ body, position }) => (told.get(body) === position ? body : `${body} at ${position}`));
}

function startProxy(redis: RedisServer): Promise<FaultProxy> {
  return startFaultProxy(scope, { scheme: 'redis', target: { host: '127.0.0.1', port: redis.port } });
}

/** Lets Redis carry out `count` publications to `topic` and cuts the link before it can say so. */
async function carryOutUnsaid(
  redis: RedisServer,
  proxy: FaultProxy,
  topic: string,
  count: number,
): Promise<void> {
  await eventually(async () => (await entriesAdded(redis, topic)) === count);
  proxy.cut();
  await proxy.heal();
}

async function entriesAdded(redis: RedisServer, topic: string): Promise<unknown> {
  const info = (await redis.command('XINFO', 'STREAM', `sluice:log:{lane}:${topic}`)) as readonly unknown[];
  return info[info.indexOf('entries-added') + 1];
}

async function available(log: ClusterLog): Promise<void> {
  await eventually(() => log.available);
}

describe('a burst of publications is logged once and in order', () => {
  test.each([1, 100, 500])('where Redis is killed after acknowledging %i', async (acknowledged) => {
    const redis = await startRedis(scope);
    const { log } = await openRedisLog(scope, redis.url, patient);
    await available(log);
    const burst = publishBurst(log, 1_000);
    await burst.receipts[acknowledged - 1];
    await redis.kill();
    const later = publishBurst(log, 10);
    await redis.restart();
    expect(await logged(log, burst)).toEqual(burst.bodies);
    expect(await logged(log, later)).toEqual(later.bodies);
    expect((await log.end()).lostUntil).toBe('0-0');
  });

  test.each([0, 5_000, 20_000])('where the way back is cut after %i bytes', async (bytes) => {
    const redis = await startRedis(scope);
    const proxy = await startProxy(redis);
    const { log } = await openRedisLog(scope, proxy.url, patient);
    await available(log);
    const burst = publishBurst(log, 1_000);
    for (const connection of proxy.connections) connection.cutAfter(bytes, 'reset');
    expect(await logged(log, burst)).toEqual(burst.bodies);
  });

  test('where all of it was carried out and nothing was said', async () => {
    const redis = await startRedis(scope);
    const proxy = await startProxy(redis);
    const { log } = await openRedisLog(scope, proxy.url, patient);
    await available(log);
    proxy.stall('down');
    const burst = publishBurst(log, 999);
    const held = publishBurst(log, 1);
    await carryOutUnsaid(redis, proxy, 'c', 333);
    expect(await logged(log, burst)).toEqual(burst.bodies);
    expect(await logged(log, held)).toEqual(held.bodies);
  });

  test('where connections are killed over and over', async () => {
    const redis = await startRedis(scope);
    const { log } = await openRedisLog(scope, redis.url, patient);
    await available(log);
    const all: Burst = { bodies: [], receipts: [] };
    for (let round = 0; round < 10; round += 1) {
      const burst = publishBurst(log, 300);
      all.bodies.push(...burst.bodies);
      all.receipts.push(...burst.receipts);
      await burst.receipts[round * 20];
      await redis.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    }
    expect(await logged(log, all)).toEqual(all.bodies);
  });

  test('where Redis is frozen under it and then carries on with what it had received', async () => {
    const redis = await startRedis(scope);
    const { log } = await openRedisLog(scope, redis.url, alert);
    await available(log);
    redis.pause();
    // More than one read of a connection takes in.
    const burst = publishBurst(log, 1_000, 'x'.repeat(400));
    await eventually(() => !log.available);
    redis.resume();
    expect(await logged(log, burst)).toEqual(burst.bodies);
  });

  test('where a link carries its part only after another has been used', async () => {
    const redis = await startRedis(scope);
    const proxy = await startProxy(redis);
    const { log, heard } = await openRedisLog(scope, proxy.url, alert);
    await log.subscribe('z');
    await available(log);
    const stalled = proxy.connections;
    for (const connection of stalled) connection.stall();
    const burst = publishBurst(log, 200);
    await Promise.all(burst.receipts);
    // Nobody uses what is stalled any more.
    await eventually(() => heard.turns.length > 0);
    for (const connection of stalled) connection.heal();
    await eventually(() => stalled.every(({ open }) => !open));
    await publishBurst(log, 1).receipts[0];
    expect(await logged(log, burst)).toEqual(burst.bodies);
  });

  test('where Redis refuses to write for a while', async () => {
    const redis = await startRedis(scope);
    const { log } = await openRedisLog(scope, redis.url, patient);
    await available(log);
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    const burst = publishBurst(log, 100);
    await eventually(() => !log.available);
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    expect(await logged(log, burst)).toEqual(burst.bodies);
  });

  test('where Redis forgets its scripts', async () => {
    const redis = await startRedis(scope);
    const { log } = await openRedisLog(scope, redis.url, patient);
    await available(log);
    await redis.command('SCRIPT', 'FLUSH');
    const burst = publishBurst(log, 300);
    expect(await logged(log, burst)).toEqual(burst.bodies);
  });

  test('where there is more of it than is sent at once', async () => {
    const redis = await startRedis(scope);
    const { log } = await openRedisLog(scope, redis.url, patient);
    const burst = publishBurst(log, 9_000);
    expect(await logged(log, burst)).toEqual(burst.bodies);
  });

  test('where it began before Redis did', async () => {
    const port = await freePort(scope);
    const { log } = await openRedisLog(scope, `redis://127.0.0.1:${port}`, patient);
    const burst = publishBurst(log, 10);
    expect(log.available).toBe(false);
    await startRedis(scope, { port });
    expect(await logged(log, burst)).toEqual(burst.bodies);
  });
});

test('an idempotency key whose outcome was unknown is answered with its first position', async () => {
  const redis = await startRedis(scope);
  const proxy = await startProxy(redis);
  const { log } = await openRedisLog(scope, proxy.url, patient);
  const idempotency = { key: ['k'], ttlMs: 60_000 } as const;
  await log.publish({ topics: ['b'], body: 'before', retention, idempotency });
  const publication = { topics: ['a'], retention } as const;
  proxy.stall('down');
  const before = log.publish({ ...publication, body: 'known', idempotency });
  const after = log.publish({ ...publication, body: 'new', idempotency: { key: ['l'], ttlMs: 60_000 } });
  await carryOutUnsaid(redis, proxy, 'a', 1);
  expect(await before).toMatchObject({ duplicate: true });
  expect(await after).toMatchObject({ duplicate: false });
  expect(await readAll(log, 'a')).toMatchObject([await after].map(({ position }) => ({ position })));
});

test('what ran and was trimmed before it could be found is not logged again', async () => {
  const redis = await startRedis(scope);
  const proxy = await startProxy(redis);
  const { log } = await openRedisLog(scope, proxy.url, patient);
  await available(log);
  const few = { ...retention, maxEntries: 100 };
  proxy.stall('down');
  const attempts = Array.from({ length: 1_000 }, (_, i) =>
    log.publish({ topics: ['a'], body: String(i), retention: few }),
  );
  const settled = Promise.allSettled(attempts);
  await carryOutUnsaid(redis, proxy, 'a', 1_000);
  const outcomes = await settled;
  expect(await entriesAdded(redis, 'a')).toBe(1_000);
  expect(outcomes.at(-1)?.status).toBe('fulfilled');
  expect(outcomes[0]).toMatchObject({
    status: 'rejected',
    reason: { code: 'log_expired', cause: { code: 'redis_connection_lost' } },
  });
});

describe('the outbox', () => {
  test('is bounded in bytes, and holds again once it has been emptied', async () => {
    const redis = await startRedis(scope);
    const { log } = await openRedisLog(scope, redis.url, { ...patient, outboxMaxBytes: 64 * 1_024 });
    await available(log);
    await redis.kill();
    await eventually(() => !log.available);
    const body = Buffer.alloc(10_000);
    const outcomes = Array.from({ length: 10 }, () => log.publish({ topics: ['a'], body, retention }));
    const full = { code: 'log_full', retryable: true };
    for (const outcome of outcomes.slice(6)) await expect(outcome).rejects.toMatchObject(full);
    await redis.restart();
    await Promise.all(outcomes.slice(0, 6));
    await log.publish({ topics: ['a'], body: Buffer.alloc(60_000), retention });
    await expect(log.publish({ topics: ['a'], body: Buffer.alloc(70_000), retention })).rejects.toMatchObject(
      full,
    );
    expect(await readAll(log, 'a')).toHaveLength(7);
  });

  test('gives up what is too old, and tells whether it may have been logged', async () => {
    const redis = await startRedis(scope);
    const { log } = await openRedisLog(scope, redis.url, { ...alert, outboxMaxAgeMs: 1_000 });
    await available(log);
    redis.pause();
    const sent = log.publish({ topics: ['a'], body: 'sent', retention });
    await eventually(() => !log.available);
    const kept = log.publish({ topics: ['a'], body: 'kept', retention });
    await expect(sent).rejects.toMatchObject({
      code: 'log_expired',
      retryable: true,
      cause: { code: 'redis_connection_lost' },
    });
    const failure: unknown = await kept.catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'log_expired', retryable: true });
    expect(failure).not.toHaveProperty('cause');
    redis.resume();
    // Given up as soon on a busy machine.
    await eventually(() => log.publish({ topics: ['a'], body: 'later', retention }));
    const bodies = (await readAll(log, 'a')).map(({ body }) => body.toString());
    expect(bodies).not.toContain('kept');
    expect(bodies.at(-1)).toBe('later');
  });

  test('gives up what is not answered in time by a peer that is not noticed to be silent', async () => {
    const redis = await startRedis(scope);
    const { log } = await openRedisLog(scope, redis.url, {
      outboxMaxAgeMs: 200,
      tuning: { probeMs: 60_000 },
    });
    await available(log);
    redis.pause();
    await expect(log.publish({ topics: ['a'], body: '', retention })).rejects.toMatchObject({
      code: 'log_expired',
      cause: { code: 'redis_connection_lost', cause: { code: 'redis_unavailable' } },
    });
    redis.resume();
    const later = await eventually(() => log.publish({ topics: ['a'], body: '', retention }));
    expect(later).toMatchObject({ duplicate: false });
  });

  test('rejects what it holds when the log stops', async () => {
    const port = await freePort(scope);
    const { log } = await openRedisLog(scope, `redis://127.0.0.1:${port}`, patient);
    const held = log.publish({ topics: ['a'], body: '', retention });
    const refusal = held.catch((error: unknown) => error);
    await log.stop(50);
    expect(await refusal).toMatchObject({ code: 'redis_closed' });
  });

  test('does not hold what is sent past the log', async () => {
    const port = await freePort(scope);
    const { log } = await openRedisLog(scope, `redis://127.0.0.1:${port}`, patient);
    await expect(log.send('a', 'x')).rejects.toMatchObject({ code: 'redis_unavailable' });
  });
});

test('keys live at least as long as entries are to be kept, and go some time', async () => {
  const redis = await startRedis(scope);
  const { log } = await openRedisLog(scope, redis.url);
  await log.publish({ topics: ['a'], body: '1', retention });
  const began = Date.now();
  await log.publish({ topics: ['a'], body: '2', retention });
  for (const key of ['sluice:log:{lane}:a', 'sluice:log-end:{lane}:a']) {
    const ttlMs = Number(await redis.command('PTTL', key));
    expect(ttlMs).toBeGreaterThanOrEqual(retention.maxAgeMs - (Date.now() - began));
    expect(ttlMs).toBeLessThanOrEqual(61_000);
  }
  const brief = { maxAgeMs: 20, maxEntries: 10 };
  await log.publish({ topics: ['b'], body: '1', retention: brief });
  await eventually(async () => (await log.tails(['b']))[0] === '0-0');
  expect(await redis.command('EXISTS', 'sluice:log:{lane}:b')).toBe(0);
});

describe('data that Redis lost', () => {
  test('is told, and positions go on', async () => {
    const redis = await startRedis(scope, { conf: { appendonly: 'no' } });
    const { log, heard } = await openRedisLog(scope, redis.url, patient);
    await log.subscribe('a');
    const before = await Promise.all(publishBurst(log, 100).receipts);
    const highest = before.at(-1)?.position ?? '';
    await redis.kill();
    await redis.restart();
    await eventually(() => heard.turns.length === 2);
    const next = await log.publish({ topics: ['a'], body: 'next', retention });
    const { lostUntil, position } = await log.end();
    expect(isAfter(highest, lostUntil)).toBe(false);
    expect(isAfter(next.position, lostUntil)).toBe(true);
    expect(position).toBe(next.position);
    await eventually(() => heard.entries.at(-1)?.position === next.position);
    expect(heard.entries.at(-1)?.previous).toBe('0-0');
  });

  test('does not make positions repeat where the clock of Redis is behind them', async () => {
    const redis = await startRedis(scope, { conf: { appendonly: 'no' } });
    const { log } = await openRedisLog(scope, redis.url, patient);
    await available(log);
    const future = `${Date.now() + 3_600_000}-7`;
    await redis.command('XADD', 'sluice:log-index:{lane}', future, 't', '');
    const first = await log.publish({ topics: ['a'], body: '', retention });
    expect(isAfter(first.position, future)).toBe(true);
    await redis.kill();
    await redis.restart();
    const second = await log.publish({ topics: ['a'], body: '', retention });
    expect(isAfter(second.position, first.position)).toBe(true);
    expect(isAfter((await log.end()).lostUntil, first.position)).toBe(true);
  });

  test('is told though others who had seen less have gone on publishing before', async () => {
    const redis = await startRedis(scope, { conf: { appendonly: 'no' } });
    const proxy = await startProxy(redis);
    const { log } = await openRedisLog(scope, proxy.url, patient);
    const { position } = await log.publish({ topics: ['a'], body: 'lost', retention });
    proxy.refuse();
    await redis.kill();
    await redis.restart();
    const other = await openRedisLog(scope, redis.url, patient);
    // So many that the index has been trimmed, and so few that it has not.
    await Promise.all(publishBurst(other.log, 5).receipts);
    expect((await other.log.end()).lostUntil).toBe('0-0');
    await proxy.heal();
    await available(log);
    expect(isAfter((await log.end()).lostUntil, position)).toBe(true);
  });

  test('is told where it was a tail, and not where nothing was lost', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'sluice-test-log-'));
    scope.onClose(() => rmSync(dir, { recursive: true, force: true }));
    const saved = join(dir, 'saved');
    const live = join(dir, 'appendonlydir');
    const redis = await startRedis(scope, { dir });
    const proxy = await startProxy(redis);
    const { log } = await openRedisLog(scope, proxy.url, patient);
    const other = await openRedisLog(scope, redis.url, patient);
    await Promise.all(publishBurst(log, 300).receipts);
    cpSync(live, saved, { recursive: true });

    // Others publish more than the index keeps; nothing of it is lost.
    proxy.refuse();
    proxy.cut();
    await Promise.all(publishBurst(other.log, 1_000).receipts);
    await redis.kill();
    await redis.restart();
    await available(other.log);
    await proxy.heal();
    await available(log);
    expect(await log.end()).toMatchObject({ lostUntil: '0-0' });

    // Redis comes back as it was after the first 300.
    await redis.kill();
    rmSync(live, { recursive: true });
    cpSync(saved, live, { recursive: true });
    await redis.restart();
    await available(other.log);
    const { position, lostUntil } = await other.log.end();
    expect(lostUntil).not.toBe('0-0');
    expect(isAfter(lostUntil, position)).toBe(false);
    const next = await other.log.publish({ topics: ['a'], body: 'next', retention });
    expect(isAfter(next.position, lostUntil)).toBe(true);
  });
});

describe('a process with few rights', () => {
  async function openAs(
    redis: RedisServer,
    rights: readonly string[],
    options: { readonly outboxMaxAgeMs: number },
  ): Promise<ClusterLog> {
    await redis.command('ACL', 'SETUSER', 'guest', 'on', '>secret', '~*', '&*', '+@all', ...rights);
    const url = `redis://guest:secret@127.0.0.1:${redis.port}`;
    return (await openRedisLog(scope, url, options)).log;
  }

  test('publishes though it may not end connections', async () => {
    const log = await openAs(await startRedis(scope), ['-client', '-script'], patient);
    expect(await log.publish({ topics: ['a'], body: '1', retention })).toMatchObject({ duplicate: false });
  });

  test('is told what it may not do', async () => {
    const log = await openAs(await startRedis(scope), ['-eval', '-evalsha'], { outboxMaxAgeMs: 1_000 });
    // Held up before the first refusal it is given up without a cause.
    await eventually(async () => {
      const refusal = log.publish({ topics: ['a'], body: '1', retention });
      await expect(refusal).rejects.toMatchObject({ code: 'log_expired', cause: { code: 'redis_refused' } });
      return true;
    });
  });
});

test('any number of retentions is kept to, with few scripts in Redis', async () => {
  const redis = await startRedis(scope);
  const { log } = await openRedisLog(scope, redis.url, patient);
  const idempotency = { key: ['last'], ttlMs: 60_000 } as const;
  const lives = Array.from({ length: 40 }, (_, i) => (i + 1) * 1_000_000);
  const receipts = await Promise.all(
    lives.map((maxAgeMs, i) =>
      log.publish({ topics: [`t${i}`], body: 'x', retention: { ...retention, maxAgeMs } }),
    ),
  );
  for (const [i, { position }] of receipts.entries()) {
    expect(isAfter(position, receipts[i - 1]?.position ?? '0-0')).toBe(true);
    const ttlMs = Number(await redis.command('PTTL', `sluice:log:{lane}:t${i}`));
    expect(ttlMs).toBeGreaterThan((i + 1) * 1_000_000 - 60_000);
    expect(ttlMs).toBeLessThan((i + 1) * 1_000_000 + 60_000);
  }
  const publication = {
    topics: ['t39'],
    body: 'y',
    retention: { ...retention, maxAgeMs: 1 },
    idempotency,
  } as const;
  expect(await log.publish(publication)).toMatchObject({ duplicate: false });
  expect(await log.publish(publication)).toMatchObject({ duplicate: true });
  expect(/number_of_cached_scripts:(\d+)/.exec(String(await redis.command('INFO', 'memory')))?.[1]).toBe(
    '18',
  );
});
