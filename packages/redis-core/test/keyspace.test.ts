import { describe, expect, test } from '@jest/globals';
import { createKeyspace } from '../src/keyspace.ts';

const keyspace = createKeyspace('sluice');

describe('keys', () => {
  test('name prefix, kind and segments, the first as hash tag', () => {
    expect(keyspace.key('sent', 'lobby', 'ann', '1')).toBe('sluice:sent:{lobby}:ann:1');
    expect(keyspace.shared('adapter-stream')).toBe('sluice:adapter-stream');
  });

  // What a user may try: to end a segment early, open another hash tag, or speak for somebody else.
  const hostile = [
    'a',
    'a:b',
    ':',
    'b}',
    '{b}',
    '}:x:{',
    '*',
    '%3A',
    '%',
    'a%3Ab',
    ' ',
    '\n',
    'é',
    '👍',
    '__proto__',
    '..',
  ];

  test('are different wherever one segment is, and none reaches out of its place', () => {
    const seen = new Map<string, string>();
    for (const room of hostile) {
      for (const user of hostile) {
        for (const id of hostile) {
          const key = keyspace.key('sent', room, user, id);
          const parts = JSON.stringify([room, user, id]);
          expect(seen.get(key) ?? parts).toBe(parts);
          seen.set(key, parts);
          expect(key).toMatch(/^sluice:sent:\{[^{}:]+\}:[^{}:]+:[^{}:]+$/);
        }
      }
    }
    expect(seen.size).toBe(hostile.length ** 3);
  });

  test('are refused where a segment is empty or not well-formed', () => {
    expect(() => keyspace.key('sent', '')).toThrow(expect.objectContaining({ code: 'redis_key_invalid' }));
    expect(() => keyspace.key('sent', '\ud800')).toThrow(
      expect.objectContaining({ code: 'redis_key_invalid' }),
    );
    expect(() => keyspace.key('Sent', 'a')).toThrow(expect.objectContaining({ code: 'redis_key_invalid' }));
    expect(() => createKeyspace('a:b')).toThrow(expect.objectContaining({ code: 'redis_key_invalid' }));
  });
});
