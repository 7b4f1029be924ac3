import type { Lifecycle } from '@sluice/kernel';
import type { Namespace, Socket } from 'socket.io';
import type { Adapter } from 'socket.io-adapter';
import type { RoomHistory } from './room-log.ts';

export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [field: string]: JsonValue };

/** An event for everybody in a room, that is kept in the room's history. */
export interface Publication {
  /** The Socket.IO room. */
  readonly room: string;
  readonly event: string;
  /** The event's one argument, to which `id` and `sentAt` are added at its head. */
  readonly data: Readonly<Record<string, JsonValue>>;
  /** Publishing the same key to the same room again returns the first publication and does nothing else. */
  readonly idempotencyKey: readonly [string, ...string[]];
}

export interface Published {
  /** Position in the room's history. */
  readonly id: string;
  /** Milliseconds since the epoch, by Redis's clock. */
  readonly sentAt: number;
  /** True where the idempotency key was known. */
  readonly duplicate: boolean;
}

/** Something an official adapter did not wait for went wrong. */
export interface DriverFault {
  readonly operation: string;
  readonly cause: unknown;
}

/** How the nodes of a cluster hear each other. */
export interface ClusterDriver extends Lifecycle {
  readonly driver: DriverName;
  /** True where clients may recover their session and what they missed (`connectionStateRecovery`). */
  readonly recovers: boolean;
  /** For `io.adapter(...)`. */
  readonly adapter: (namespace: Namespace) => Adapter;
  /** True once this node hears the cluster, and again after Redis has been away. */
  readonly ready: boolean;
  /** True once this node has heard the cluster for the first time: sockets accepted before would miss events. */
  readonly attached: boolean;
  /**
   * Writes to the room's history and delivers to its members on every node, this one included, in one atomic step of
   * Redis: a crash leaves both or neither. Rejects with redis-core's errors; a retry with the same key settles what
   * an error left open.
   */
  publish(publication: Publication): Promise<Published>;
  readonly history: RoomHistory;
  /** Resolves once this node hears `room`, which a local socket has joined. Rejects with redis-core's errors. */
  joined(room: string): Promise<void>;
  /**
   * Sends a recovered socket what it missed. Call it first thing in the `connection` listener: nothing is replayed to a
   * socket whose middlewares refused it, and from that tick on the socket hears by itself.
   */
  replayMissed(socket: Socket): void;
}

export const driverNames = ['streams', 'sharded-pubsub'] as const;
export type DriverName = (typeof driverNames)[number];
