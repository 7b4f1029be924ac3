import type { RedisCore } from '@sluice/redis-core';
import { createSessionStore } from '@sluice/session-store';
import type { Socket } from 'socket.io';
import { PacketType } from 'socket.io-parser';
import { adapterError } from './adapter-errors.ts';
import type { ClusterDriver } from './cluster-driver.ts';
import type { TracingOptions } from './event-tracing.ts';
import { createClusterAdapter } from './lanes/create-cluster-adapter.ts';
import type { AdapterFault, AdapterObservation, EventPolicy } from './lanes/lanes-options.ts';
import { createRoomHistory } from './lanes/room-history.ts';
import { createRedisLog } from './log/redis-log.ts';
import type { RoomLogOptions } from './room-log.ts';

export interface LanesDriverOptions {
  readonly log: RoomLogOptions;
  readonly nodeId?: string;
  readonly recoveryWindowMs: number;
  /** How long a publication may wait for Redis. */
  readonly publishDeadlineMs: number;
  readonly onGap: 'fresh' | 'signal';
  readonly maxQueuedBytes: number;
  readonly policies: Readonly<Record<string, EventPolicy>>;
  readonly userOf: (socket: Socket) => string;
  readonly tracing: Partial<TracingOptions>;
  readonly onFault: (fault: AdapterFault) => void;
  readonly onObserved: (observation: AdapterObservation) => void;
}

/** The adapter of our own: a room's log is its history, its replay and its order. */
export function createLanesDriver(core: RedisCore, options: LanesDriverOptions): ClusterDriver {
  const { maxEntries, maxAgeMs, idempotencyTtlMs } = options.log;
  const { recoveryWindowMs } = options;
  const retention = { maxEntries, maxAgeMs };
  const log = createRedisLog(core, { outboxMaxAgeMs: options.publishDeadlineMs });
  const adapter = createClusterAdapter({
    log,
    sessions: createSessionStore(core, { maxDisconnectionMs: recoveryWindowMs }),
    ...(options.nodeId !== undefined && { uid: options.nodeId }),
    // What only recovery needs is not kept for as long as a room's history is.
    retention: () => retention,
    onGap: options.onGap,
    policies: options.policies,
    maxQueuedBytes: options.maxQueuedBytes,
    userOf: options.userOf,
    tracing: options.tracing,
    onFault: options.onFault,
    onObserved: options.onObserved,
  });
  return {
    name: 'cluster-driver',
    driver: 'lanes',
    recovers: true,
    adapter,
    get ready() {
      return adapter.ready && core.health().ready;
    },
    get attached() {
      return adapter.attached;
    },
    async publish({ room, event, data, idempotencyKey }) {
      const main = adapter.of('/');
      if (main === undefined) throw adapterError('not_attached');
      const { position, duplicate } = await main.publish({
        rooms: [room],
        packet: { type: PacketType.EVENT, nsp: '/', data: [event, data] },
        stamp: true,
        retention,
        idempotency: { key: [room, ...idempotencyKey], ttlMs: idempotencyTtlMs },
      });
      return { id: position, sentAt: Number(position.slice(0, position.indexOf('-'))), duplicate };
    },
    history: createRoomHistory(log, '/'),
    get unsettled() {
      return log.unsettled;
    },
    joined: async (room) => {
      await adapter.of('/')?.heard(room);
    },
    replayMissed: () => undefined,
    caughtUp: (socket) => adapter.of('/')?.caughtUp(socket),
    recoveryOf: (socket) => adapter.of('/')?.outcomeOf(socket),
    start: (signal) => adapter.start(signal),
    stop: (deadlineMs) => adapter.stop(deadlineMs),
  };
}
