import { describe, expect, test } from '@jest/globals';
import { createRedisCore, parseRedisUrl } from '../src/index.ts';

describe('REDIS_URL', () => {
  test('is shown without its credentials', () => {
    const topology = parseRedisUrl('rediss://ann:s3cret@redis.example:6380/2');
    expect(topology.displayUrl).toBe('rediss://redis.example:6380/2');
    expect(topology.kind).toBe('standalone');
  });

  test.each([
    '',
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
