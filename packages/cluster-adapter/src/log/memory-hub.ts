import { systemClock, type Clock } from '@sluice/kernel';
import {
  origin,
  type LogEnd,
  type LogEntry,
  type LogPublication,
  type LogReceipt,
  type Position,
  type Retention,
  type Topic,
} from './cluster-log.ts';
import { isAfter } from '../position.ts';

/** Hands one thing to a node: an entry, or something sent past the log. */
type MemoryDelivery = (node: MemoryNode) => void;

/** A node on the hub. */
export interface MemoryNode {
  onEntry(topic: Topic, entry: LogEntry): void;
  onSent(topic: Topic, body: Buffer): void;
  /** Calls `delivery` later, after those before it, where the node follows the topic then. */
  deliver(topic: Topic, delivery: MemoryDelivery): void;
}

interface TopicLog {
  appended: number;
  entries: LogEntry[];
  end: Position;
}

interface Remembered {
  readonly position: Position;
  readonly expiresAt: number;
}

/** What the nodes of one process share in place of Redis. A topic's end is kept for ever. */
export class MemoryHub {
  readonly #clock: Clock;
  readonly #nodes = new Set<MemoryNode>();
  readonly #topics = new Map<Topic, TopicLog>();
  readonly #remembered = new Map<string, Remembered>();
  readonly #leases = new Map<string, number>();
  #end: Position = origin;
  #lostUntil: Position = origin;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** The entries of a topic go, up to and including the position; all where none is given. */
  trim(topic: Topic, until?: Position): void {
    const log = this.#log(topic);
    log.entries = until === undefined ? [] : log.entries.filter(({ position }) => isAfter(position, until));
  }

  /** What was logged after the position is gone, as where a store loses its tail, and marked as lost. */
  lose(after: Position): void {
    for (const log of this.#topics.values()) {
      const gone = log.entries.find(({ position }) => isAfter(position, after));
      if (gone === undefined) continue;
      log.entries = log.entries.filter(({ position }) => !isAfter(position, after));
      log.end = gone.previous;
    }
    this.#lostUntil = this.#end = this.#next();
  }

  attach(node: MemoryNode): void {
    this.#nodes.add(node);
  }

  detach(node: MemoryNode): void {
    this.#nodes.delete(node);
  }

  append({ topics, body, retention, idempotency }: LogPublication): LogReceipt {
    const key = idempotency === undefined ? undefined : JSON.stringify(idempotency.key);
    const known = key === undefined ? undefined : this.#recall(key);
    if (known !== undefined) return { position: known, duplicate: true };
    const position = (this.#end = this.#next());
    const bytes = Buffer.from(body);
    for (const topic of new Set(topics)) {
      const log = this.#log(topic);
      const entry = { position, previous: log.end, body: bytes };
      log.end = position;
      log.entries.push(entry);
      log.appended += 1;
      this.#keep(log, retention);
      for (const node of this.#nodes) node.deliver(topic, (to) => to.onEntry(topic, entry));
    }
    if (key !== undefined && idempotency !== undefined) {
      this.#remembered.set(key, { position, expiresAt: this.#clock.now() + idempotency.ttlMs });
    }
    return { position, duplicate: false };
  }

  send(topic: Topic, body: Buffer | string): void {
    const bytes = Buffer.from(body);
    for (const node of this.#nodes) node.deliver(topic, (to) => to.onSent(topic, bytes));
  }

  tail(topic: Topic): Position {
    return this.#topics.get(topic)?.end ?? origin;
  }

  extent(topic: Topic): { entries: number; appended: number } {
    const log = this.#topics.get(topic);
    return { entries: log?.entries.length ?? 0, appended: log?.appended ?? 0 };
  }

  end(): LogEnd {
    return { position: this.#end, lostUntil: this.#lostUntil };
  }

  read(topic: Topic, after: Position, limit: number, until?: Position): LogEntry[] {
    const entries = this.#topics.get(topic)?.entries ?? [];
    return entries
      .filter(
        ({ position }) => isAfter(position, after) && (until === undefined || !isAfter(position, until)),
      )
      .slice(0, limit);
  }

  readBefore(topic: Topic, before: Position | undefined, limit: number): LogEntry[] {
    const entries = this.#topics.get(topic)?.entries ?? [];
    return entries
      .filter(({ position }) => before === undefined || isAfter(before, position))
      .toReversed()
      .slice(0, limit);
  }

  beat(member: string, leaseMs: number): void {
    this.#leases.set(member, this.#clock.now() + leaseMs);
  }

  resign(member: string): void {
    this.#leases.delete(member);
  }

  members(): string[] {
    const now = this.#clock.now();
    for (const [member, expiresAt] of this.#leases) if (expiresAt <= now) this.#leases.delete(member);
    return [...this.#leases.keys()];
  }

  #log(topic: Topic): TopicLog {
    let log = this.#topics.get(topic);
    if (log === undefined) {
      log = { appended: 0, entries: [], end: origin };
      this.#topics.set(topic, log);
    }
    return log;
  }

  #keep(log: TopicLog, { maxAgeMs, maxEntries }: Retention): void {
    const oldest = `${Math.max(0, this.#clock.now() - maxAgeMs)}-0`;
    const fresh = log.entries.findIndex(({ position }) => !isAfter(oldest, position));
    const surplus = log.entries.length - maxEntries;
    log.entries.splice(0, Math.max(fresh, surplus, 0));
  }

  #recall(key: string): Position | undefined {
    const now = this.#clock.now();
    for (const [old, { expiresAt }] of this.#remembered) {
      if (expiresAt <= now) this.#remembered.delete(old);
    }
    return this.#remembered.get(key)?.position;
  }

  #next(): Position {
    const now = this.#clock.now();
    const dash = this.#end.indexOf('-');
    const lastMs = Number(this.#end.slice(0, dash));
    return now > lastMs ? `${now}-0` : `${lastMs}-${Number(this.#end.slice(dash + 1)) + 1}`;
  }
}
