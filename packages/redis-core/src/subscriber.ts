import type { Connection } from './connection.ts';
import { redisError } from './errors.ts';
import { translate } from './translate.ts';

export type ChannelKind = 'sharded' | 'plain';
export type ChannelListener = (payload: Buffer, channel: string) => void;

export interface Subscriber {
  /**
   * Wants `channel`: resolves once Redis has confirmed it, however many connections that takes, and stays wanted
   * across reconnects until {@link Subscriber.unsubscribe}. A second call for a channel replaces its listener.
   * Rejects with `redis_closed` where the core stops, `redis_unsubscribed` where the channel is given up before it was
   * confirmed, and `redis_refused`. `onConfirmed` is called at each confirmation, the first and those of later connections; what was
   * published in between is not heard.
   */
  subscribe(
    kind: ChannelKind,
    channel: string,
    listener: ChannelListener,
    onConfirmed?: () => void,
  ): Promise<void>;
  /** No longer wants `channel`; its listener is not called again. */
  unsubscribe(channel: string): void;
  /** Resolves once `channel`, if wanted, is confirmed on the present connection. */
  active(channel: string): Promise<void>;
  readonly channels: number;
  /** Number of the present or last connection, from 1. A payload comes over the connection of this number. */
  readonly generation: number;
}

interface Wanted {
  readonly kind: ChannelKind;
  listener: ChannelListener | undefined;
  onConfirmed: (() => void) | undefined;
  /** The driver's listener, given once: the same function must be handed back to unsubscribe. */
  readonly relay: (payload: Buffer, channel: Buffer) => void;
  /** The connection (by its count of openings) on which Redis confirmed the channel. */
  confirmedOn: number;
  reconciling: boolean;
  waiters: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[];
}

/**
 * Subscriptions as a wish that is reconciled with each new connection. Steps of one channel never overlap: the driver
 * would otherwise take a subscribe that follows an unsubscribe for one that is already there, and then drop both.
 */
export class ChannelSubscriber implements Subscriber {
  readonly #connection: Connection;
  readonly #onListenerError: (error: unknown, channel: string) => void;
  readonly #wanted = new Map<string, Wanted>();

  constructor(connection: Connection, onListenerError: (error: unknown, channel: string) => void) {
    this.#connection = connection;
    this.#onListenerError = onListenerError;
    connection.onReady(() => {
      for (const [channel, wanted] of this.#wanted) this.#reconcileSoon(channel, wanted);
    });
  }

  get channels(): number {
    return this.#wanted.size;
  }

  /** True where every channel that an earlier connection carried is confirmed on the present one. */
  get restored(): boolean {
    if (this.#connection.client === undefined) return false;
    for (const wanted of this.#wanted.values()) {
      if (wanted.confirmedOn !== 0 && !this.#isConfirmed(wanted)) return false;
    }
    return true;
  }

  get generation(): number {
    return this.#connection.info.opened;
  }

  subscribe(
    kind: ChannelKind,
    channel: string,
    listener: ChannelListener,
    onConfirmed?: () => void,
  ): Promise<void> {
    let wanted = this.#wanted.get(channel);
    if (wanted === undefined) {
      const created: Wanted = {
        kind,
        listener,
        onConfirmed,
        relay: (payload) => this.#deliver(created, payload, channel),
        confirmedOn: 0,
        reconciling: false,
        waiters: [],
      };
      wanted = created;
      this.#wanted.set(channel, wanted);
    }
    wanted.listener = listener;
    wanted.onConfirmed = onConfirmed;
    return this.active(channel);
  }

  unsubscribe(channel: string): void {
    const wanted = this.#wanted.get(channel);
    if (wanted === undefined) return;
    wanted.listener = undefined;
    this.#reconcileSoon(channel, wanted);
  }

  active(channel: string): Promise<void> {
    if (this.#connection.closed) return Promise.reject(redisError('redis_closed'));
    const wanted = this.#wanted.get(channel);
    if (wanted?.listener === undefined || this.#isConfirmed(wanted)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      wanted.waiters.push({ resolve, reject });
      this.#reconcileSoon(channel, wanted);
    });
  }

  close(): void {
    for (const wanted of this.#wanted.values()) {
      for (const waiter of wanted.waiters.splice(0)) waiter.reject(redisError('redis_closed'));
    }
    this.#wanted.clear();
  }

  #isConfirmed(wanted: Wanted): boolean {
    return this.#connection.client !== undefined && wanted.confirmedOn === this.#connection.info.opened;
  }

  #reconcileSoon(channel: string, wanted: Wanted): void {
    if (wanted.reconciling || this.#connection.client === undefined) return;
    wanted.reconciling = true;
    void this.#reconcile(channel, wanted);
  }

  /** Never rejects. Between its last look at what is wanted and its end nothing else can run. */
  async #reconcile(channel: string, wanted: Wanted): Promise<void> {
    for (;;) {
      const client = this.#connection.client;
      const generation = this.#connection.info.opened;
      const isActive = wanted.confirmedOn === generation;
      if (client === undefined || (wanted.listener !== undefined) === isActive) {
        wanted.reconciling = false;
        // Without a connection there is nothing to say yet: the next one reconciles again.
        if (client !== undefined) this.#settle(channel, wanted);
        return;
      }
      try {
        if (isActive) {
          // Before the wait: one who subscribes meanwhile must not take the channel for active.
          wanted.confirmedOn = 0;
          if (wanted.kind === 'sharded') await client.sUnsubscribe(channel, wanted.relay, true);
          else await client.unsubscribe(channel, wanted.relay, true);
        } else {
          if (wanted.kind === 'sharded') await client.sSubscribe(channel, wanted.relay, true);
          else await client.subscribe(channel, wanted.relay, true);
          wanted.confirmedOn = generation;
          if (wanted.listener !== undefined) wanted.onConfirmed?.();
        }
      } catch (cause) {
        const error = translate(cause);
        // A lost connection is followed by another; what Redis refuses it would refuse again.
        if (error.code === 'redis_refused') this.#giveUp(channel, wanted, error);
      }
    }
  }

  #giveUp(channel: string, wanted: Wanted, error: unknown): void {
    wanted.listener = undefined;
    wanted.confirmedOn = 0;
    for (const waiter of wanted.waiters.splice(0)) waiter.reject(error);
    this.#wanted.delete(channel);
  }

  #settle(channel: string, wanted: Wanted): void {
    const waiters = wanted.waiters.splice(0);
    if (wanted.listener !== undefined) {
      for (const waiter of waiters) waiter.resolve();
      return;
    }
    this.#wanted.delete(channel);
    for (const waiter of waiters) waiter.reject(redisError('redis_unsubscribed'));
  }

  #deliver(wanted: Wanted, payload: Buffer, channel: string): void {
    try {
      wanted.listener?.(payload, channel);
    } catch (error) {
      // Thrown into the driver it would reset its decoder in the middle of a reply.
      this.#onListenerError(error, channel);
    }
  }
}
