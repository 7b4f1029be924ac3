import type { RedisCore } from '@sluice/redis-core';
import type { ClusterDriver, DriverFault, DriverName } from './cluster-driver.ts';
import type { RoomLogOptions } from './room-log.ts';
import { createShardedDriver } from './sharded-driver.ts';
import { createStreamsDriver } from './streams-driver.ts';

export interface ClusterDriverOptions {
  readonly driver: DriverName;
  readonly log: RoomLogOptions;
  /** Events that are stale by the time a client recovers. */
  readonly ephemeralEvents?: readonly string[];
  /** Called for failures of work that nobody waits for. */
  readonly onFault: (fault: DriverFault) => void;
}

// As the official adapter has it; docs/drivers.md tells users.
const streamMaxEntries = 10_000;

/**
 * The driver named by configuration, fed by one redis-core. Hand `driver.adapter` to `io.adapter` before `start`;
 * start it after the core and stop it before.
 */
export function createClusterDriver(core: RedisCore, options: ClusterDriverOptions): ClusterDriver {
  switch (options.driver) {
    case 'streams':
      return createStreamsDriver(core, {
        log: options.log,
        streamMaxEntries,
        ephemeralEvents: new Set(options.ephemeralEvents),
        onFault: options.onFault,
      });
    case 'sharded-pubsub':
      return createShardedDriver(core, { log: options.log, onFault: options.onFault });
  }
}
