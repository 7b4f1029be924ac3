import type { Context } from '@opentelemetry/api';
import type { Clock } from '@sluice/kernel';
import { redisError } from '@sluice/redis-core';
import { recorded, within } from '@sluice/telemetry';
import type { LogPublication, LogReceipt, Position } from './cluster-log.ts';
import { logError } from './log-errors.ts';

export interface OutboxLimits {
  /** Of all that is not settled, its overhead included. */
  readonly maxBytes: number;
  /** From the call to its settlement. */
  readonly maxAgeMs: number;
}

/** A publication that is not settled. */
export interface Outgoing {
  readonly publication: LogPublication;
  /** Of its process, in the order of calls. */
  readonly number: number;
  readonly bytes: number;
  readonly expiresAt: number;
  /** Where it is in the log, it is after this position: the highest known when it was last sent. */
  after: Position;
  /** Why the last attempt failed. While it is `redis_connection_lost` the outcome is unknown. */
  failure: unknown;
  /** What has caused it, where that is recorded: it may be sent long after the call. */
  readonly cause: Context | undefined;
  resolve: ((receipt: LogReceipt | Promise<LogReceipt>) => void) | undefined;
  reject: ((error: unknown) => void) | undefined;
}

export interface OutboxDependencies {
  readonly clock: Clock;
  /** Sends it now. Rejects with redis-core's errors. */
  readonly attempt: (item: Outgoing, deadlineMs: number) => Promise<LogReceipt>;
  readonly highest: () => Position;
  /** True while there is a connection to send over. */
  readonly connected: () => boolean;
  /** An attempt has failed that may succeed later, and nothing more is sent until {@link Outbox.open}. */
  readonly onHeld: () => void;
}

// What is under way at once. The rest waits here, so that others' commands find room in the queue of commands.
const maxUnderWay = 4_096;
// Of a publication beside its body: the objects that stand for it.
const overheadBytes = 512;

/**
 * Publications in the order of their calls: sent at once while open, kept while not. What failed and may succeed later
 * comes before what was never sent.
 */
export class Outbox {
  readonly #limits: OutboxLimits;
  readonly #deps: OutboxDependencies;
  #failed = new Set<Outgoing>();
  #waiting = new Set<Outgoing>();
  #isOpen = false;
  #obstacle: unknown;
  #closed = false;
  #lastNumber = 0;
  #lastLogged = 0;
  #underWay = 0;
  #bytes = 0;
  #nextExpiry = Infinity;
  #cancelExpiry: (() => void) | undefined;
  readonly #onEmpty: (() => void)[] = [];

  constructor(limits: OutboxLimits, deps: OutboxDependencies) {
    this.#limits = limits;
    this.#deps = deps;
  }

  get isOpen(): boolean {
    return this.#isOpen && this.#deps.connected();
  }

  get unsettled(): { readonly publications: number; readonly bytes: number } {
    return { publications: this.#underWay + this.#failed.size + this.#waiting.size, bytes: this.#bytes };
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** Those whose last attempt may have succeeded, in order. */
  get unknown(): Outgoing[] {
    return [...this.#failed].filter(isUnknown).toSorted(byNumber);
  }

  publish(publication: LogPublication): Promise<LogReceipt> {
    if (this.#closed) return Promise.reject(redisError('redis_closed'));
    const bytes = Buffer.byteLength(publication.body) + overheadBytes;
    if (this.#bytes + bytes > this.#limits.maxBytes) return Promise.reject(logError('log_full'));
    this.#bytes += bytes;
    const item: Outgoing = {
      publication,
      number: (this.#lastNumber += 1),
      bytes,
      expiresAt: this.#deps.clock.now() + this.#limits.maxAgeMs,
      after: '',
      failure: undefined,
      cause: recorded(),
      resolve: undefined,
      reject: undefined,
    };
    if (this.#maySend && this.#waiting.size === 0) {
      return this.#send(item, this.#limits.maxAgeMs);
    }
    return this.#hold(item, this.#waiting);
  }

  /** Nothing is sent until {@link Outbox.open}. `obstacle` says why, where waiting alone will not help. */
  hold(obstacle: unknown = this.#obstacle): void {
    this.#isOpen = false;
    this.#obstacle = obstacle;
  }

  /** Settles one of {@link Outbox.unknown}, unless it has expired meanwhile. */
  settle(item: Outgoing, outcome: LogReceipt | undefined): void {
    if (!this.#failed.delete(item)) return;
    this.#release(item);
    if (outcome === undefined) item.reject?.(this.#expired(item));
    else item.resolve?.(outcome);
  }

  /** To be called once nothing is under way and nothing unknown: what is left has not been logged. */
  open(): void {
    const again = [...this.#failed].toSorted(byNumber);
    this.#failed = new Set();
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const item of again) {
      if (item.number > this.#lastLogged) {
        if (isUnknown(item)) item.failure = undefined;
        this.#waiting.add(item);
        continue;
      }
      // Redis has refused it and taken a later one. To log it now would turn the order round.
      this.#release(item);
      item.reject?.(item.failure);
    }
    for (const item of waiting) this.#waiting.add(item);
    this.#obstacle = undefined;
    this.#isOpen = true;
    this.#pump();
  }

  /** Resolves once all is settled. */
  emptied(): Promise<void> {
    if (this.#bytes === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty.push(resolve);
    });
  }

  /** Rejects what is not under way, and all to come. */
  close(): void {
    this.#closed = true;
    this.#isOpen = false;
    this.#cancelExpiry?.();
    for (const item of [...this.#failed, ...this.#waiting]) {
      this.#release(item);
      item.reject?.(redisError('redis_closed', { cause: item.failure }));
    }
    this.#failed.clear();
    this.#waiting.clear();
  }

  get #maySend(): boolean {
    return this.#isOpen && this.#underWay < maxUnderWay && this.#deps.connected();
  }

  #send(item: Outgoing, deadlineMs: number): Promise<LogReceipt> {
    this.#underWay += 1;
    item.after = this.#deps.highest();
    return this.#deps.attempt(item, deadlineMs).then(
      (receipt) => this.#onLogged(item, receipt),
      (error: unknown) => this.#onFailed(item, error),
    );
  }

  #onLogged(item: Outgoing, receipt: LogReceipt): LogReceipt {
    this.#underWay -= 1;
    this.#lastLogged = Math.max(this.#lastLogged, item.number);
    this.#release(item);
    if (this.#waiting.size > 0) this.#pump();
    return receipt;
  }

  #onFailed(item: Outgoing, error: unknown): Promise<LogReceipt> {
    this.#underWay -= 1;
    item.failure = error;
    const mayPass = redisError.is(error, 'redis_connection_lost', 'redis_not_ready', 'redis_queue_full');
    if (!mayPass || this.#closed) {
      this.#release(item);
      return Promise.reject(redisError.is(error, 'redis_unavailable') ? this.#expired(item) : error);
    }
    this.#isOpen = false;
    const settled = this.#hold(item, this.#failed);
    this.#deps.onHeld();
    return settled;
  }

  #hold(item: Outgoing, among: Set<Outgoing>): Promise<LogReceipt> {
    among.add(item);
    this.#expireLater(item.expiresAt);
    return new Promise((resolve, reject) => {
      item.resolve = resolve;
      item.reject = reject;
    });
  }

  #pump(): void {
    for (const item of this.#waiting) {
      if (!this.#maySend) return;
      const leftMs = item.expiresAt - this.#deps.clock.now();
      // The timer is late; it will see to it.
      if (leftMs <= 0) continue;
      this.#waiting.delete(item);
      item.resolve?.(within(item.cause, () => this.#send(item, leftMs)));
    }
  }

  /** One timer for all that is kept. */
  #expireLater(expiresAt: number): void {
    if (expiresAt >= this.#nextExpiry) return;
    const { clock } = this.#deps;
    this.#nextExpiry = expiresAt;
    this.#cancelExpiry?.();
    this.#cancelExpiry = clock.schedule(Math.max(0, expiresAt - clock.now()), () => {
      this.#nextExpiry = Infinity;
      this.#expire(clock.now());
    });
  }

  #expire(now: number): void {
    let next = Infinity;
    for (const among of [this.#failed, this.#waiting]) {
      for (const item of among) {
        if (item.expiresAt > now) {
          next = Math.min(next, item.expiresAt);
          break;
        }
        among.delete(item);
        this.#release(item);
        item.reject?.(this.#expired(item));
      }
    }
    if (next !== Infinity) this.#expireLater(next);
  }

  #expired({ failure = this.#obstacle }: Outgoing): Error {
    // A deadline that has passed under way leaves the outcome as unknown as a lost connection does.
    const isUnanswered = redisError.is(failure, 'redis_unavailable');
    const cause = isUnanswered ? redisError('redis_connection_lost', { cause: failure }) : failure;
    return logError('log_expired', { cause });
  }

  #release(item: Outgoing): void {
    this.#bytes -= item.bytes;
    if (this.#bytes === 0) for (const resolve of this.#onEmpty.splice(0)) resolve();
  }
}

function isUnknown({ failure }: Outgoing): boolean {
  return redisError.is(failure, 'redis_connection_lost');
}

function byNumber(a: Outgoing, b: Outgoing): number {
  return a.number - b.number;
}
