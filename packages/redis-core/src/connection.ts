import { backoffMs, type Clock } from '@sluice/kernel';
import { openDriverClient, requireMaster, type DriverClient } from './driver-client.ts';
import { redisError, type RedisErrorCode } from './errors.ts';
import type { Address, Topology } from './topology.ts';
import { replyCode } from './translate.ts';
import type { RedisTuning } from './tuning.ts';

export type ConnectionRole = 'commands' | 'subscriber' | 'reader';
export type ConnectionState = 'idle' | 'connecting' | 'ready' | 'waiting' | 'closed';

/** One row of the inventory; its `name` is what CLIENT LIST shows. */
export interface ConnectionInfo {
  readonly name: string;
  readonly role: ConnectionRole;
  readonly state: ConnectionState;
  /** Successful handshakes since the start. */
  readonly opened: number;
  /** Duration of the last answered probe, in milliseconds. */
  readonly roundTripMs: number | undefined;
}

/** What a connection tells those who watch it. */
export type ConnectionStatus =
  | { readonly kind: 'opened'; readonly name: string; readonly role: ConnectionRole }
  | { readonly kind: 'lost'; readonly name: string; readonly role: ConnectionRole; readonly cause: unknown }
  | {
      readonly kind: 'retryScheduled';
      readonly name: string;
      readonly role: ConnectionRole;
      readonly attempt: number;
      readonly delayMs: number;
      readonly cause: unknown;
    };

/** A command that is settled. */
export interface CommandMeasure {
  readonly role: ConnectionRole;
  readonly outcome: 'ok' | RedisErrorCode;
  /** From the call to its settlement: waiting for a connection included, and for entries with a blocking read. */
  readonly tookMs: number;
}

export interface ConnectionDependencies {
  readonly clock: Clock;
  readonly random: () => number;
  readonly report: (status: ConnectionStatus) => void;
  readonly onCommand?: ((measure: CommandMeasure) => void) | undefined;
}

/**
 * One named connection that is kept open. Each time it is lost a new driver client is made after a jittered pause:
 * the driver's own reconnection cannot be made to drop a peer that accepts bytes and never answers, and that is the
 * failure a frozen Redis or a half-open link shows.
 */
export class Connection {
  readonly name: string;
  readonly role: ConnectionRole;
  readonly #topology: Topology;
  readonly #tuning: RedisTuning;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #report: (status: ConnectionStatus) => void;
  readonly #onCommand: ConnectionDependencies['onCommand'];
  readonly #readyListeners = new Set<(client: DriverClient) => void>();
  readonly #lostListeners = new Set<() => void>();
  readonly #closing = new AbortController();
  #state: ConnectionState = 'idle';
  #client: DriverClient | undefined;
  /** Where the client leads behind Sentinel. */
  #master: Address | undefined;
  #drop: ((cause: unknown) => void) | undefined;
  #lost: Promise<unknown> | undefined;
  #opened = 0;
  #hurried = false;
  #heard = 0;
  #roundTripMs: number | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(
    name: string,
    role: ConnectionRole,
    topology: Topology,
    tuning: RedisTuning,
    dependencies: ConnectionDependencies,
  ) {
    this.name = name;
    this.role = role;
    this.#topology = topology;
    this.#tuning = tuning;
    this.#clock = dependencies.clock;
    this.#random = dependencies.random;
    this.#report = dependencies.report;
    this.#onCommand = dependencies.onCommand;
  }

  get info(): ConnectionInfo {
    return {
      name: this.name,
      role: this.role,
      state: this.#state,
      opened: this.#opened,
      roundTripMs: this.#roundTripMs,
    };
  }

  /** The client to write to, where the connection is ready. */
  get client(): DriverClient | undefined {
    return this.#state === 'ready' ? this.#client : undefined;
  }

  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Calls `listener` after each successful handshake. The returned function ends that. */
  onReady(listener: (client: DriverClient) => void): () => void {
    this.#readyListeners.add(listener);
    return () => this.#readyListeners.delete(listener);
  }

  /** Calls `listener` at once where a ready connection is lost or dropped, with `client` gone; not at the stop. */
  onLost(listener: () => void): void {
    this.#lostListeners.add(listener);
  }

  /** To be told of everything that comes over the connection: however late it is, it lives. */
  hear(): void {
    this.#heard += 1;
  }

  /** To be told of each command that is settled, with the time of its call. */
  measure(outcome: CommandMeasure['outcome'], beganAt: number): void {
    this.#onCommand?.({ role: this.role, outcome, tookMs: this.#clock.now() - beganAt });
  }

  /** Drops the connection where it is ready, and makes another without a pause. */
  reset(): void {
    if (this.client === undefined) return;
    this.#hurried = true;
    this.#drop?.(redisError('redis_connection_lost', { text: 'dropped on purpose' }));
  }

  /** Resolves with a ready client, at once where there is one. Rejects with `redis_closed` after `stop`. */
  whenReady(): Promise<DriverClient> {
    if (this.closed) return Promise.reject(redisError('redis_closed'));
    const client = this.client;
    if (client !== undefined) return Promise.resolve(client);
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        off();
        this.#closing.signal.removeEventListener('abort', onClosed);
      };
      const onClosed = (): void => {
        settle();
        reject(redisError('redis_closed'));
      };
      const off = this.onReady((ready) => {
        settle();
        resolve(ready);
      });
      this.#closing.signal.addEventListener('abort', onClosed, { once: true });
    });
  }

  /** Begins connecting, and goes on for ever. Returns at once. */
  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'connecting';
    this.#ended = this.#keepOpen();
  }

  /** Lets pending commands finish for up to `deadlineMs`, then closes for good. */
  async stop(deadlineMs: number): Promise<void> {
    if (this.closed) return this.#ended;
    const client = this.client;
    this.#closing.abort();
    if (client !== undefined && this.role === 'commands') {
      const cancel = this.#clock.schedule(deadlineMs, () => this.#drop?.(redisError('redis_closed')));
      // The driver's close never ends where the connection breaks under it.
      await Promise.race([client.close(), this.#lost]);
      cancel();
    }
    this.#drop?.(redisError('redis_closed'));
    await this.#ended;
    this.#state = 'closed';
  }

  /** Behind Sentinel, drops the connection unless it leads to `master`: another will. */
  follow(master: Address): void {
    if (this.#master?.host !== master.host || this.#master.port !== master.port) this.leaveReplica();
  }

  /**
   * To be called where Redis refuses a write because it is a replica. Behind Sentinel there is, or will be, a master
   * elsewhere, and the connection is dropped to look for it.
   */
  leaveReplica(): void {
    if (this.#master === undefined || this.client === undefined) return;
    this.#drop?.(redisError('redis_not_ready', { text: 'Redis is not the master any more.' }));
  }

  async #keepOpen(): Promise<void> {
    let attempt = 0;
    while (!this.closed) {
      const began = this.#clock.now();
      const cause = await this.#oneConnection();
      if (this.closed) return;
      // A connection that lived for a while earns a quick first retry; one that dies at once does not.
      if (this.#clock.now() - began > this.#tuning.reconnectCapMs + this.#tuning.connectMs) attempt = 0;
      const delayMs = this.#hurried ? 0 : this.#backoffMs(attempt);
      this.#hurried = false;
      attempt += 1;
      this.#state = 'waiting';
      this.#report({ kind: 'retryScheduled', name: this.name, role: this.role, attempt, delayMs, cause });
      await this.#pause(delayMs);
    }
  }

  #backoffMs(attempt: number): number {
    return backoffMs(attempt, {
      baseMs: this.#tuning.reconnectBaseMs,
      capMs: this.#tuning.reconnectCapMs,
      random: this.#random,
    });
  }

  /** Opens one driver client and resolves with the reason of its end. Never rejects. */
  async #oneConnection(): Promise<unknown> {
    this.#state = 'connecting';
    let client: DriverClient | undefined;
    const abandoned = new AbortController();
    let drop!: (cause: unknown) => void;
    const lost = new Promise<unknown>((resolve) => {
      drop = (cause) => {
        resolve(cause);
        this.#onEnd(client);
      };
    });
    this.#drop = drop;
    this.#lost = lost;
    const overdue = this.#clock.schedule(this.#tuning.connectMs, () => drop(redisError('redis_unavailable')));
    const opening = openDriverClient(this.#topology, {
      name: this.name,
      tuning: this.#tuning,
      clock: this.#clock,
      signal: abandoned.signal,
      onEnd: drop,
    }).then(
      (opened) => ({ opened }),
      (cause: unknown) => ({ opened: undefined, cause }),
    );
    // A handshake that never ends must lose to `drop`.
    const outcome = await Promise.race([opening, lost.then((cause) => ({ opened: undefined, cause }))]);
    overdue();
    if (outcome.opened === undefined) {
      abandoned.abort();
      return outcome.cause;
    }
    client = outcome.opened.client;
    this.#client = client;
    this.#master = outcome.opened.master;
    this.#state = 'ready';
    this.#opened += 1;
    this.#report({ kind: 'opened', name: this.name, role: this.role });
    const stopProbing = this.#probe(client);
    for (const listener of this.#readyListeners) listener(client);
    const cause = await lost;
    // The end may have come before the client was taken for ready.
    this.#onEnd(client);
    stopProbing();
    client.destroy();
    if (!this.closed) this.#report({ kind: 'lost', name: this.name, role: this.role, cause });
    return cause;
  }

  /** In the same step as the loss, so that nobody takes what has ended for ready. */
  #onEnd(client: DriverClient | undefined): void {
    if (client === undefined || this.#client !== client) return;
    this.#client = undefined;
    this.#state = 'connecting';
    if (this.closed) return;
    for (const listener of this.#lostListeners) listener();
  }

  /** Asks for a sign of life at intervals, and drops the connection that gives none. */
  #probe(client: DriverClient): () => void {
    let cancel: (() => void) | undefined;
    let stopped = false;
    const behindSentinel = this.#master !== undefined;
    const awaitSign = (): void => {
      const heard = this.#heard;
      cancel = this.#clock.schedule(this.#tuning.probeMs, () => {
        // What came while this process was busy, or stands in line before the answer, is a sign too.
        const look = setImmediate(() => {
          if (this.#heard !== heard) return awaitSign();
          this.#drop?.(
            redisError('redis_unavailable', { text: 'no answer to a probe: half-open or frozen' }),
          );
        });
        cancel = () => clearImmediate(look);
      });
    };
    const ask = (): void => {
      const sentAt = performance.now();
      awaitSign();
      const onAnswer = (): void => {
        cancel?.();
        if (stopped) return;
        this.#roundTripMs = performance.now() - sentAt;
        cancel = this.#clock.schedule(this.#tuning.probeEveryMs, ask);
      };
      const answer = client.sendCommand([behindSentinel ? 'ROLE' : 'PING']);
      answer.then(behindSentinel ? requireMaster : undefined).then(onAnswer, (cause: unknown) => {
        // One who says that it is busy or loading is alive.
        if (replyCode(cause) !== undefined) return onAnswer();
        cancel?.();
        if (!stopped) this.#drop?.(cause);
      });
    };
    ask();
    return () => {
      stopped = true;
      cancel?.();
    };
  }

  #pause(delayMs: number): Promise<void> {
    if (this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#closing.signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#clock.schedule(delayMs, done);
      this.#closing.signal.addEventListener('abort', done, { once: true });
    });
  }
}
