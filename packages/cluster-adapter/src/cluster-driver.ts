import type { Lifecycle } from '@sluice/kernel';
import type { Namespace, Socket } from 'socket.io';
import type { Adapter } from 'socket.io-adapter';
import type { RecoveryOutcome } from './lanes/recovery.ts';
import type { Publication, Published } from './publication.ts';
import type { RoomHistory } from './room-log.ts';

/** Something that nobody waited for went wrong. */
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
  /** Publications that are not settled, and the bytes they take, where the driver keeps them. */
  readonly unsettled: { readonly publications: number; readonly bytes: number } | undefined;
  /** Resolves once this node hears `room`, which a local socket has joined. Rejects with redis-core's errors. */
  joined(room: string): Promise<void>;
  /**
   * Sends a recovered socket what it missed. Call it first thing in the `connection` listener: nothing is replayed to a
   * socket whose middlewares refused it, and from that tick on the socket hears by itself.
   */
  replayMissed(socket: Socket): void;
  /** Resolves once a recovered socket has been given all it missed; undefined where it has been already. */
  caughtUp(socket: Socket): Promise<void> | undefined;
  /** How `socket` came here, where the driver knows. */
  recoveryOf(socket: Socket): RecoveryOutcome | undefined;
}

export const driverNames = ['lanes', 'streams', 'sharded-pubsub'] as const;
export type DriverName = (typeof driverNames)[number];
