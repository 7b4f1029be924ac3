import type { Socket } from 'socket.io';
import type { TracingOptions } from '../event-tracing.ts';
import type { Retention } from '../log/cluster-log.ts';
import type { LogGap } from './merged-read.ts';
import type { RecoveryOutcome } from './recovery.ts';

/** Something that nobody waited for went wrong. */
export interface AdapterFault {
  readonly operation: string;
  readonly cause: unknown;
}

/** What operators may want to know of. */
export type AdapterObservation =
  | { readonly kind: 'admitted'; readonly namespace: string; readonly outcome: RecoveryOutcome }
  /** Lost to the sockets that live: their connections are closed, or they are told. */
  | { readonly kind: 'gap'; readonly namespace: string; readonly gap: LogGap; readonly sockets: number }
  | { readonly kind: 'fenced'; readonly namespace: string }
  /** A connection reads too slowly and is served from the log from now on. */
  | { readonly kind: 'spilled'; readonly namespace: string }
  | {
      readonly kind: 'resumed';
      readonly namespace: string;
      readonly replayed: number;
      readonly tookMs: number;
    }
  /** From a node through Redis and back to it. */
  | { readonly kind: 'canary'; readonly lagMs: number }
  /** An event has been written to sockets of this node. */
  | {
      readonly kind: 'delivered';
      readonly namespace: string;
      /** Empty where only a parser of the application's own could tell. */
      readonly event: string;
      readonly recipients: number;
      /** Since it was logged, by this node's clock and the store's; undefined for what went past the log. */
      readonly lagMs: number | undefined;
    }
  /** How long the log of some room is that this node serves, and how many entries have been trimmed from it since last seen. */
  | { readonly kind: 'log'; readonly entries: number; readonly trimmed: number };

/** What becomes of an event for a client that is behind. */
export type EventPolicy = 'lossless' | 'latest' | 'droppable';

export interface LanesOptions {
  /** Names this node among the nodes; random unless given, and then to be unique. */
  readonly uid: string;
  /** How much of a room is kept, for recovery and as its history. */
  readonly retention: (namespace: string, room: string | undefined) => Retention;
  /**
   * Where what a client missed cannot be made good: `fresh` (default) begins a new session; `signal` keeps its identity and
   * rooms and emits `sluice:gap {rooms, from, to}` before anything else. Never is `recovered` true.
   */
  readonly onGap: 'fresh' | 'signal';
  /**
   * While Redis is away: `hold` (default) keeps publications until the outbox is full or they are too old, then rejects;
   * `deliver` also gives them to this node's own sockets at once, out of the one order, and logs them later.
   */
  readonly whenAway: 'hold' | 'deliver';
  /** By event name; `lossless` unless named. */
  readonly policies: Readonly<Record<string, EventPolicy>>;
  /** Bytes that may wait for one connection; what comes after is served from the log. Default 1 MiB. */
  readonly maxQueuedBytes: number;
  /** Whose session it is, after the middlewares have run: with another user's token it is not restored. */
  readonly userOf: (socket: Socket) => string;
  /** Sessions restored at once; the others wait. Default 64. */
  readonly recoveriesAtOnce: number;
  readonly tracing: Partial<TracingOptions>;
  readonly onFault: (fault: AdapterFault) => void;
  readonly onObserved: (observation: AdapterObservation) => void;
}
