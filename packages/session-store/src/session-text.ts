import { redisError } from '@sluice/redis-core';

/** True for what can name a session. Clients send it, so it may be anything. */
export function isPid(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(value);
}

export function assertPid(pid: string): void {
  if (!isPid(pid)) throw redisError('redis_key_invalid', { text: 'a pid must be 1-64 of A-Z a-z 0-9 _ -' });
}

/**
 * Throws `redis_key_invalid` where a name has a lone surrogate: as UTF-8 all of them look the same, which would make one
 * user's name equal to another's.
 */
export function assertWellFormed(names: Iterable<string>): void {
  for (const name of names) {
    if (/\p{Surrogate}/u.test(name)) {
      throw redisError('redis_key_invalid', { text: 'a name is not well-formed Unicode' });
    }
  }
}
