import { redisError } from '@sluice/redis-core';

export interface SessionStoreOptions {
  /** A client that returns within this time of its connection's end finds its session, in milliseconds. */
  readonly maxDisconnectionMs: number;
}

export interface SessionLife {
  /** From the last write to the end. */
  readonly lifeMs: number;
  readonly touchEveryMs: number;
}

/**
 * Twice as long as a client may be away, touched four times as often: after a crash at the worst moment, with the last
 * touch failed, `maxDisconnectionMs` are still left. Throws `redis_config_invalid` where that is no positive duration.
 */
export function sessionLife({ maxDisconnectionMs }: SessionStoreOptions): SessionLife {
  if (!Number.isFinite(maxDisconnectionMs) || maxDisconnectionMs <= 0) {
    throw redisError('redis_config_invalid', { text: 'maxDisconnectionMs must be a positive number' });
  }
  return { lifeMs: Math.ceil(maxDisconnectionMs * 2), touchEveryMs: maxDisconnectionMs / 2 };
}
