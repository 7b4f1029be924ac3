import { describe, expect, test } from '@jest/globals';
import { createRedisCore, parseRedisUrl } from '../src/index.ts';

describe('REDIS_URL', () => {
  test('is shown without its credentials', () => {
    const topology = parseRedisUrl('rediss://ann:s3cret@redis.example:6380/2');
    expect(topology.displayUrl).toBe('rediss://redis.example:6380/2');
    expect(topology.kind).toBe('standalone');
  });

  test('may name sentinels and the master they watch', () => {
    const url = 'redis-sentinel://ann:s3%3Acret@one.example,two:26380,[::1]:26381/main-1/2';
    const { displayUrl, ...topology } = parseRedisUrl(url);
    expect(topology).toEqual({
      kind: 'sentinel',
      sentinels: [
        { host: 'one.example', port: 26_379 },
        { host: 'two', port: 26_380 },
        { host: '::1', port: 26_381 },
      ],
      masterName: 'main-1',
      username: 'ann',
      password: 's3:cret',
      database: 2,
    });
    expect(displayUrl).toBe('redis-sentinel://one.example,two:26380,[::1]:26381/main-1/2');
    expect(parseRedisUrl('redis-sentinel://:s3cret@one/main')).toMatchObject({
      username: undefined,
      password: 's3cret',
      database: 0,
      displayUrl: 'redis-sentinel://one/main',
    });
  });

  test.each(['redis-cluster://h', 'rediss+cluster://:s3cret@h:1,i:2'])('%p is refused by name', (url) => {
    expect(() => parseRedisUrl(url)).toThrow('Redis Cluster is not supported yet');
  });

  test.each([
    '',
    'redis-sentinel://s3cret@h',
    'redis-sentinel://:s3cret@h,/main',
    'redis-sentinel://:s3cret@h:70000/main',
    'redis-sentinel://:s3cret%zz@h/main',
    'redis-sentinel://:s3cret@h/main/db',
    'redis-cluster://:s3cret@h',
    'redis',
    'http://x',
    'redis://',
    'redis://h/db',
    'redis+sentinel://s3cret@h/master',
    'unix:/tmp/x',
    'redis://:s3cret%zz@h',
  ])('%p is refused without being repeated', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(expect.objectContaining({ code: 'redis_config_invalid' }));
    try {
      parseRedisUrl(url);
    } catch (error) {
      expect(String(error)).not.toContain('s3cret');
    }
  });
});

describe('a core', () => {
  test.each(['', 'a b', 'a:b', 'x'.repeat(65)])('is not made for the node name %p', (nodeId) => {
    expect(() => createRedisCore({ url: 'redis://127.0.0.1', nodeId })).toThrow(
      expect.objectContaining({ code: 'redis_config_invalid' }),
    );
  });

  test('has one reader for each purpose, with a name that CLIENT LIST can show', () => {
    const core = createRedisCore({ url: 'redis://127.0.0.1', nodeId: 'n' });
    expect(core.reader('adapter')).toBe(core.reader('adapter'));
    expect(() => core.reader('a b')).toThrow(expect.objectContaining({ code: 'redis_config_invalid' }));
    expect(core.inventory().map(({ name }) => name)).toEqual([
      'sluice:n:commands',
      'sluice:n:reader:adapter',
    ]);
  });
});
