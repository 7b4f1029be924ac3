import type { Lifecycle } from '@sluice/kernel';

/**
 * The id of a logged event, `<milliseconds>-<sequence>` as Redis streams have it: unique, and growing over all topics of
 * a log. The empty log ends at {@link origin}.
 */
export type Position = string;

/** Before the first position. */
export const origin: Position = '0-0';

/** What is published and followed: a room of a namespace, as `topicOf` names it. Any text. */
export type Topic = string;

export interface Retention {
  /** Age after which entries go, in milliseconds. */
  readonly maxAgeMs: number;
  /** Entries kept per topic, about. */
  readonly maxEntries: number;
}

export interface LogPublication {
  /** At least one. The entry has one position, in the log of each. */
  readonly topics: readonly [Topic, ...Topic[]];
  readonly body: Buffer | string;
  readonly retention: Retention;
  /** Publishing a key again while it is remembered returns the first position and does nothing else. */
  readonly idempotency?: { readonly key: readonly [string, ...string[]]; readonly ttlMs: number } | undefined;
}

export interface LogReceipt {
  readonly position: Position;
  /** True where the idempotency key was known. */
  readonly duplicate: boolean;
}

export interface LogEntry {
  readonly position: Position;
  /**
   * The entry before it in the same topic. What is missing shows as a break in this chain. `origin` for the first, and
   * for the first after so long that nothing older is kept.
   */
  readonly previous: Position;
  /** May be a view of something larger: copy what is kept for long. */
  readonly body: Buffer;
}

/** What a node hears. Nothing here may throw. */
export interface LogListener {
  /**
   * A logged entry, in the order of positions over all topics; an entry published to several topics comes once for each,
   * one after the other.
   */
  onEntry(topic: Topic, entry: LogEntry): void;
  /** Something sent past the log. */
  onSent(topic: Topic, body: Buffer): void;
  /** From now on entries may be missed. */
  onInterrupted(): void;
  /** Every topic subscribed to is heard again; what was published meanwhile is to be read. */
  onRestored(): void;
}

export interface LogEnd {
  /** The last position given out, over all topics. */
  readonly position: Position;
  /** Entries up to here may have been lost by the store after they were given out; `origin` where that never happened. */
  readonly lostUntil: Position;
}

/**
 * The log that all nodes share: publications in one order, kept for a while, and heard by those who follow their topic.
 * Every method rejects with redis-core's coded errors.
 */
export interface ClusterLog extends Lifecycle {
  /**
   * Appends and delivers in one atomic step: both happen or neither. Calls made one after the other keep their order in
   * the log. Where the outcome of an attempt is unknown it is settled before another is made, so that nothing is logged
   * twice. While the store is away, publications wait, bounded in bytes and age; rejects with `log_full`, `log_expired`
   * (the outcome is unknown only where `cause` is `redis_connection_lost`) and what redis-core rejects with. An object
   * given as `retention` again and again costs less than equal ones.
   */
  publish(publication: LogPublication): Promise<LogReceipt>;
  /** Delivers to those who follow the topic now, and keeps nothing: rejects at once where the store is away. */
  send(topic: Topic, body: Buffer | string): Promise<void>;
  /** Call once, before anything is subscribed to. */
  listen(listener: LogListener): void;
  /** Resolves once everything published to `topic` from now on is heard; stays so across reconnects. */
  subscribe(topic: Topic): Promise<void>;
  unsubscribe(topic: Topic): void;
  /** The last position of each topic, in their order; `origin` where it has none. */
  tails(topics: readonly Topic[]): Promise<Position[]>;
  end(): Promise<LogEnd>;
  /** Up to `limit` entries after `after`, oldest first; none after `until`, where given. */
  read(topic: Topic, after: Position, limit: number, until?: Position): Promise<LogEntry[]>;
  /** Up to `limit` entries before `before` or the latest, newest first. */
  readBefore(topic: Topic, before: Position | undefined, limit: number): Promise<LogEntry[]>;
  /** How many entries the log of a topic has, and how many it was ever given since it began: the rest was trimmed. */
  extent(topic: Topic): Promise<{ readonly entries: number; readonly appended: number }>;
  /** Extends this member's lease and returns the members whose lease lasts, itself included. */
  beat(member: string, leaseMs: number): Promise<string[]>;
  /** The members whose lease lasts. */
  members(): Promise<string[]>;
  /** Ends a lease. */
  resign(member: string): Promise<void>;
  /** Drops the present connection for hearing and makes another, where one is in use. */
  reconnect(): void;
  /** Publications that are not settled, and what they take. */
  readonly unsettled: { readonly publications: number; readonly bytes: number };
  /** True where publications are not waiting for the store. */
  readonly available: boolean;
  /** True where everything subscribed to is heard. */
  readonly hearing: boolean;
}
