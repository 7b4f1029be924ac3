import { redisError } from '@sluice/redis-core';
import type { AdapterFault } from '../../src/index.ts';

/** Faults without those of a node whose Redis is late, as it may be where the whole machine stands still. */
export function unexpected(faults: readonly AdapterFault[]): AdapterFault[] {
  return faults.filter(
    ({ operation, cause }) =>
      operation !== 'hear' && !redisError.is(cause, 'redis_unavailable', 'redis_connection_lost'),
  );
}
