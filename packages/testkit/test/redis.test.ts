import { afterEach, describe, expect, test } from '@jest/globals';
import { openScope, redisCommand, startRedis, within } from '@sluice/testkit';

const scope = openScope(afterEach);

describe('startRedis', () => {
  test('keeps what was written through a crash and a restart on the same port', async () => {
    const redis = await startRedis(scope);
    const pid = redis.pid;
    expect(await redis.command('SET', 'key', 'wörld')).toBe('OK');
    await redis.kill();
    await expect(redis.command('PING')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await redis.restart();
    expect(redis.pid).not.toBe(pid);
    expect(await redis.command('GET', 'key')).toBe('wörld');
  });

  test('freezes and thaws', async () => {
    const redis = await startRedis(scope);
    redis.pause();
    await expect(redisCommand(redis.port, ['PING'], { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'not_in_time',
    });
    const answer = redisCommand(redis.port, ['PING']);
    redis.resume();
    expect(await within(answer)).toBe('PONG');
  });

  test('reads every shape of reply', async () => {
    const redis = await startRedis(scope);
    await redis.command('RPUSH', 'list', 'a', '', 'long'.repeat(50_000));
    expect(await redis.command('LRANGE', 'list', '0', '-1')).toEqual(['a', '', 'long'.repeat(50_000)]);
    expect(await redis.command('LLEN', 'list')).toBe(3);
    expect(await redis.command('GET', 'none')).toBeNull();
    await expect(redis.command('GET', 'list')).rejects.toMatchObject({ code: 'redis_error' });
    expect(await redis.clients()).toEqual([]);
  });

  test('shows the last output of a server that cannot start', async () => {
    const failed = startRedis(scope, { conf: { maxmemory: 'plenty' } });
    await expect(failed).rejects.toMatchObject({
      code: 'child_ended',
      message: expect.stringContaining('plenty'),
    });
  });
});
