import type { RedisCore } from '@sluice/redis-core';
import type { ClusterDriver, DriverFault, DriverName } from './cluster-driver.ts';
import type { Socket } from 'socket.io';
import type { RoomLogOptions } from './room-log.ts';
import { createLanesDriver } from './lanes-driver.ts';
import type { TracingOptions } from './event-tracing.ts';
import type { AdapterObservation } from './lanes/lanes-options.ts';

export interface ClusterDriverOptions {
  readonly driver: DriverName;
  readonly log: RoomLogOptions;
  /** Names this node among the nodes; random unless given. */
  readonly nodeId?: string;
  /** Whose session a socket's is, once its middlewares have run. */
  readonly userOf?: (socket: Socket) => string;
  /** How long a client may be away and come back as who it was, in milliseconds. */
  readonly recoveryWindowMs?: number;
  /** How long a publication may wait for Redis, in milliseconds. */
  readonly publishDeadlineMs?: number;
  readonly onGap?: 'fresh' | 'signal';
  /** Bytes that may wait for one connection before it is served from the log (driver `lanes`). */
  readonly maxQueuedBytes?: number;
  readonly tracing?: Partial<TracingOptions>;
  readonly onObserved?: (observation: AdapterObservation) => void;
  /** Events that are stale by the time a client recovers. */
  readonly ephemeralEvents?: readonly string[];
  /** Called for failures of work that nobody waits for. */
  readonly onFault: (fault: DriverFault) => void;
}

// As the official adapter has it; docs/drivers.md tells users.
const streamMaxEntries = 10_000;

/**
 * The driver named by configuration, fed by one redis-core. Hand `driver.adapter` to `io.adapter` before `start`;
 * start it after the core and stop it before. What the other drivers need is not loaded.
 */
export async function createClusterDriver(
  core: RedisCore,
  options: ClusterDriverOptions,
): Promise<ClusterDriver> {
  const { tracing = {}, onObserved = () => undefined } = options;
  switch (options.driver) {
    case 'lanes':
      return createLanesDriver(core, {
        log: options.log,
        ...(options.nodeId !== undefined && { nodeId: options.nodeId }),
        recoveryWindowMs: options.recoveryWindowMs ?? 120_000,
        publishDeadlineMs: options.publishDeadlineMs ?? 5_000,
        onGap: options.onGap ?? 'fresh',
        maxQueuedBytes: options.maxQueuedBytes ?? 1_048_576,
        policies: Object.fromEntries((options.ephemeralEvents ?? []).map((event) => [event, 'droppable'])),
        userOf: options.userOf ?? (() => ''),
        tracing,
        onFault: options.onFault,
        onObserved,
      });
    case 'streams': {
      const { createStreamsDriver } = await import('./streams-driver.ts');
      return createStreamsDriver(core, {
        log: options.log,
        streamMaxEntries,
        ephemeralEvents: new Set(options.ephemeralEvents),
        tracing,
        onFault: options.onFault,
        onObserved,
      });
    }
    case 'sharded-pubsub': {
      const { createShardedDriver } = await import('./sharded-driver.ts');
      return createShardedDriver(core, { log: options.log, tracing, onFault: options.onFault, onObserved });
    }
  }
}
