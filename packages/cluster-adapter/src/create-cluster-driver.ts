import type { RedisCore } from '@sluice/redis-core';
import type { ClusterDriver, DriverFault, DriverName } from './cluster-driver.ts';
import type { RoomLogOptions } from './room-log.ts';
import { createShardedDriver } from './sharded-driver.ts';
import { createStreamsDriver } from './streams-driver.ts';

export interface ClusterDriverOptions {
  readonly driver: DriverName;
  readonly log: RoomLogOptions;
  /** Entries of the shared stream (driver `streams`); 10,000 unless given. */
  readonly streamMaxEntries?: number;
  /** Events that are stale by the time a client recovers. */
  readonly ephemeralEvents?: readonly string[];
  /** Called for failures of work that nobody waits for. */
  readonly onFault: (fault: DriverFault) => void;
}

/**
 * The driver named by configuration, fed by one redis-core. Hand `driver.adapter` to `io.adapter` before `start`;
 * start it before the core's connections are needed and stop it before the core.
 */
export function createClusterDriver(core: RedisCore, options: ClusterDriverOptions): ClusterDriver {
  switch (options.driver) {
    case 'streams':
      return createStreamsDriver(core, {
        log: options.log,
        streamMaxEntries: options.streamMaxEntries ?? 10_000,
        ephemeralEvents: new Set(options.ephemeralEvents),
        onFault: options.onFault,
      });
    case 'sharded-pubsub':
      return createShardedDriver(core, { log: options.log, onFault: options.onFault });
  }
}
