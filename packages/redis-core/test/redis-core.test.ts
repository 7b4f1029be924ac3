import { createServer, connect as connectTo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, freePort, openScope, startFaultProxy, startRedis, type Scope } from '@sluice/testkit';
import { createRedisCore, defineScript, type RedisCore, type RedisCoreOptions } from '../src/index.ts';

const scope = openScope(afterEach);

async function startCore(url: string, options: Partial<RedisCoreOptions> = {}): Promise<RedisCore> {
  const core = createRedisCore({ url, nodeId: 'node-1', ...options });
  scope.onClose(() => core.stop(1_000));
  await core.start(new AbortController().signal);
  return core;
}

const ready = (core: RedisCore): Promise<boolean> => eventually(() => core.health().ready);

describe('connections', () => {
  test('that were given up before they stood leave nothing behind', async () => {
    const redis = await startRedis(scope);
    const proxy = await startFaultProxy(scope, {
      scheme: 'redis',
      target: { host: '127.0.0.1', port: redis.port },
    });
    // The shortest timer takes a millisecond, in which a handshake may be done.
    proxy.slow({ latencyMs: 10 });
    const retries: number[] = [];
    const core = await startCore(proxy.url, {
      tuning: { connectMs: 0, reconnectBaseMs: 1, reconnectCapMs: 1 },
      onStatus: ({ kind }) => {
        if (kind === 'retryScheduled') retries.push(retries.length);
      },
    });
    void core.commands.send(['PING']).catch(() => undefined);
    await eventually(() => retries.length >= 20);
    await core.stop(1_000);
    expect(await eventually(async () => (await redis.clients()).length === 0)).toBe(true);
  });

  test('are opened once for each role, named, counted, and gone after the stop', async () => {
    const redis = await startRedis(scope);
    const core = await startCore(redis.url);
    const subscriber = core.subscriber();
    await subscriber.subscribe('plain', 'news', () => undefined);
    core.reader('adapter');
    core.reader('adapter');
    await ready(core);
    const names = (await redis.clients()).map((client) => client['name']).toSorted();
    expect(names).toEqual(
      core
        .inventory()
        .map(({ name }) => name)
        .toSorted(),
    );
    expect(names).toEqual([
      'sluice:node-1:commands',
      'sluice:node-1:reader:adapter',
      'sluice:node-1:subscriber',
    ]);
    await core.stop(1_000);
    await core.stop(1_000);
    expect(core.inventory().map(({ state }) => state)).toEqual(['closed', 'closed', 'closed']);
    await eventually(async () => (await redis.clients()).length === 0);
    await expect(core.commands.send(['PING'])).rejects.toMatchObject({ code: 'redis_closed' });
  });

  test('begin without Redis and open when it comes', async () => {
    const port = await freePort(scope);
    const core = await startCore(`redis://127.0.0.1:${port}`);
    const answer = core.commands.send(['PING'], { idempotent: true, deadlineMs: 20_000 });
    expect(core.health().ready).toBe(false);
    await startRedis(scope, { port });
    expect(await answer).toBe('PONG');
  });

  test('say what became of them', async () => {
    const redis = await startRedis(scope);
    const kinds: string[] = [];
    const core = await startCore(redis.url, { onStatus: (status) => kinds.push(status.kind) });
    await ready(core);
    await redis.kill();
    await eventually(() => kinds.filter((kind) => kind === 'retryScheduled').length > 2);
    await redis.restart();
    await ready(core);
    expect(kinds.slice(0, 3)).toEqual(['opened', 'lost', 'retryScheduled']);
    expect(kinds.at(-1)).toBe('opened');
    expect(core.inventory()[0]?.opened).toBe(2);
  });
});

describe('commands', () => {
  test('that may run twice outlive a crash of Redis within their deadline', async () => {
    const redis = await startRedis(scope);
    const core = await startCore(redis.url);
    await core.commands.send(['SET', 'a', '1']);
    await redis.kill();
    const answer = core.commands.send(['GET', 'a'], { idempotent: true, deadlineMs: 20_000 });
    await redis.restart();
    expect(await answer).toBe('1');
  });

  test('that may not run twice are refused where their outcome is unknown', async () => {
    const redis = await startRedis(scope);
    const core = await startCore(redis.url);
    await ready(core);
    redis.pause();
    const answer = core.commands.send(['INCR', 'a'], { deadlineMs: 20_000 });
    const outcome = answer.catch((error: unknown) => error);
    await redis.kill();
    expect(await outcome).toMatchObject({ code: 'redis_connection_lost', retryable: true });
  });

  test('are given up at their deadline, and not sent afterwards', async () => {
    const redis = await startRedis(scope);
    const core = await startCore(redis.url);
    await ready(core);
    await redis.kill();
    await eventually(() => !core.health().ready);
    const began = performance.now();
    await expect(core.commands.send(['SET', 'late', '1'], { deadlineMs: 200 })).rejects.toMatchObject({
      code: 'redis_unavailable',
      retryable: true,
    });
    expect(performance.now() - began).toBeGreaterThanOrEqual(195);
    await redis.restart();
    await ready(core);
    expect(await core.commands.send(['EXISTS', 'late'])).toBe(0);
  });

  test('are bounded in number', async () => {
    const port = await freePort(scope);
    const core = await startCore(`redis://127.0.0.1:${port}`, { tuning: { maxOutstanding: 2 } });
    const waiting = [core.commands.send(['PING']), core.commands.send(['PING'])];
    await expect(core.commands.send(['PING'])).rejects.toMatchObject({ code: 'redis_queue_full' });
    expect(core.commands.outstanding).toBe(2);
    const refused = waiting.map((answer) => expect(answer).rejects.toMatchObject({ code: 'redis_closed' }));
    await core.stop(100);
    await Promise.all(refused);
  });

  test('that Redis refuses say so by code, without repeating arguments', async () => {
    const redis = await startRedis(scope);
    const core = await startCore(redis.url);
    await core.commands.send(['SET', 'text', 's3cret']);
    const refusal: unknown = await core.commands
      .send(['LPUSH', 'text', 's3cret'])
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'redis_refused', retryable: false });
    expect(String(refusal)).toContain('WRONGTYPE');
    expect(String(refusal)).not.toContain('s3cret');
  });

  test('run a script that the server has forgotten', async () => {
    const redis = await startRedis(scope);
    const core = await startCore(redis.url);
    const script = defineScript('return {KEYS[1], ARGV[1]}');
    expect(await core.commands.run(script, ['k'], ['v'])).toEqual(['k', 'v']);
    await redis.command('SCRIPT', 'FLUSH');
    expect(await core.commands.run(script, ['k'], ['v'])).toEqual(['k', 'v']);
  });

  test('give every byte back where bytes are asked for, and text elsewhere in the same round trip', async () => {
    const redis = await startRedis(scope);
    const core = await startCore(redis.url);
    const payload = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 256));
    const echo = defineScript('return {ARGV[1], 7, false, {KEYS[1]}}');
    const replies = await Promise.all([
      core.commands.send(['SET', 'a', payload], { bytes: true }),
      core.commands.send(['GET', 'a'], { bytes: true }),
      core.commands.send(['ECHO', 'ü']),
      core.commands.run(echo, ['k'], [payload], { bytes: true }),
      core.commands.send(['XADD', 's', '1-1', 'f', payload]),
      core.commands.send(['XREAD', 'STREAMS', 's', '0'], { bytes: true }),
      core.commands.send(['GET', 'absent'], { bytes: true }),
    ]);
    expect(replies).toEqual([
      'OK',
      payload,
      'ü',
      [payload, 7, null, [Buffer.from('k')]],
      '1-1',
      { s: [[Buffer.from('1-1'), [Buffer.from('f'), payload]]] },
      null,
    ]);
  });

  test('sent when a connection opens go before those that waited for it', async () => {
    const port = await freePort(scope);
    const failed: string[] = [];
    const core = await startCore(`redis://127.0.0.1:${port}`, {
      onStatus: (status) => {
        if (status.kind === 'listenerFailed') failed.push(status.channel);
      },
    });
    const { commands } = core;
    const order: string[] = [];
    const push = (value: string): Promise<unknown> =>
      commands.send(['RPUSH', 'list', value], { deadlineMs: 20_000 });
    commands.onOpened(() => {
      throw new Error('listener');
    });
    const off = commands.onOpened(() => {
      order.push(`available ${commands.available}`);
      void push('first');
    });
    expect(commands.available).toBe(false);
    const waiting = push('waited');
    const redis = await startRedis(scope, { port });
    await waiting;
    expect(await commands.send(['LRANGE', 'list', '0', '-1'])).toEqual(['first', 'waited']);
    await redis.kill();
    await eventually(() => !commands.available);
    const again = push('waited again');
    await redis.restart();
    await again;
    expect(await commands.send(['LRANGE', 'list', '-2', '-1'])).toEqual(['first', 'waited again']);
    off();
    expect(order).toEqual(['available true', 'available true']);
    expect(failed).toEqual(['onOpened', 'onOpened']);
  });
});

describe('a peer that takes bytes and never answers', () => {
  test('is noticed and left, whether Redis is frozen', async () => {
    const redis = await startRedis(scope);
    const core = await startCore(redis.url, { tuning: { probeEveryMs: 50, probeMs: 300, connectMs: 300 } });
    core.subscriber();
    await ready(core);
    redis.pause();
    await eventually(() => core.health().connections.every(({ state }) => state !== 'ready'));
    redis.resume();
    await ready(core);
    expect(core.inventory().every(({ opened }) => opened > 1)).toBe(true);
  });

  test('or the way to it is half open, while others write all the time', async () => {
    const redis = await startRedis(scope);
    const proxy = await startHalfOpenProxy(scope, redis.port);
    const core = await startCore(`redis://127.0.0.1:${proxy.port}`, {
      tuning: { probeEveryMs: 50, probeMs: 300, connectMs: 300 },
    });
    await ready(core);
    const writer = setInterval(() => {
      core.commands.send(['PING'], { deadlineMs: 100 }).catch(() => undefined);
    }, 10);
    scope.onClose(() => clearInterval(writer));
    proxy.swallow();
    await eventually(() => core.inventory()[0]?.state !== 'ready');
    proxy.pass();
    await ready(core);
    expect(core.inventory()[0]?.opened).toBeGreaterThan(1);
  });
});

/** Passes bytes on until told to swallow them, and never closes anything by itself: a link whose far end is gone. */
async function startHalfOpenProxy(owner: Scope, target: number) {
  let swallowing = false;
  const server = createServer((near) => {
    const far = connectTo(target, '127.0.0.1');
    const pairs = [
      [near, far],
      [far, near],
    ] as const;
    for (const [from, to] of pairs) {
      from.on('data', (bytes) => {
        if (!swallowing) to.write(bytes);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
    owner.onClose(() => near.destroy());
  });
  const port = await freePort(owner);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  owner.onClose(() => server.close());
  return {
    port,
    swallow() {
      swallowing = true;
    },
    pass() {
      swallowing = false;
    },
  };
}

describe('a blocking reader', () => {
  test('returns what comes, or nothing, and ends with the core', async () => {
    const redis = await startRedis(scope);
    // Half of that is the longest that a read waits.
    const core = await startCore(redis.url, { tuning: { probeMs: 60_000 } });
    const reader = core.reader('adapter');
    expect(await reader.read('s', '0-0', { count: 10, blockMs: 20 })).toEqual([]);
    const waiting = reader.read('s', '0-0', { count: 10, blockMs: 30_000 });
    await core.commands.send(['XADD', 's', '1-1', 'field', 'value']);
    expect(await waiting).toEqual([{ id: '1-1', fields: ['field', 'value'] }]);
    const ended = reader.read('s', '1-1', { count: 10, blockMs: 30_000 }).catch((error: unknown) => error);
    await core.stop(1_000);
    expect(await ended).toMatchObject({ retryable: true });
    await expect(reader.read('s', '1-1', { count: 1, blockMs: 10 })).rejects.toMatchObject({
      code: 'redis_closed',
    });
  });
});

describe('what Redis repeats of a command that it does not know', () => {
  const secret = 'hjkq7wvzmrtp';

  /** All texts of an error and of its causes, whose stacks have them too. */
  function textsOf(error: unknown): string {
    if (!(error instanceof Error)) return String(error);
    const parts = error instanceof AggregateError ? error.errors : [];
    const others = Object.values(error).map(String);
    return [error.stack, ...others, ...[...parts, error.cause].map(textsOf)].join('\n');
  }

  test('is in no error of a command', async () => {
    const redis = await startRedis(scope, {
      conf: { 'rename-command XREVRANGE': '', 'rename-command EVALSHA': '' },
    });
    const core = await startCore(redis.url);
    await ready(core);
    const script = defineScript('return 1');
    for (const failed of [
      core.commands.send(['XREVRANGE', `sluice:log:{${secret}}`, '+', '-']),
      core.commands.run(script, [secret], [`it's ${secret}`]),
    ]) {
      const error: unknown = await failed.catch((cause: unknown) => cause);
      expect(error).toMatchObject({ code: 'redis_refused', message: 'Redis refused the command (ERR).' });
      expect(textsOf(error)).toContain('ERR unknown command …');
      expect(textsOf(error)).not.toContain(secret);
    }
  });

  test('is in no report of a connection that it refuses', async () => {
    // As one before 6.0 does, of which the driver asks too much.
    const redis = await startRedis(scope, { password: secret, conf: { 'rename-command HELLO': '' } });
    const causes: unknown[] = [];
    await startCore(redis.url, {
      tuning: { reconnectBaseMs: 1, reconnectCapMs: 1 },
      onStatus: (status) => {
        if (status.kind !== 'opened') causes.push(status.cause);
      },
    });
    await eventually(() => causes.length >= 3);
    expect(causes.map(textsOf).join('\n')).toContain('ERR unknown command …');
    expect(causes.map(textsOf).join('\n')).not.toContain(secret);
  });
});
