import type { Clock } from '@sluice/kernel';
import { inCommands, sendStep, type ChannelRelay, type ChannelStep } from './channel-step.ts';
import type { Connection } from './connection.ts';
import type { DriverClient } from './driver-client.ts';
import { redisError } from './errors.ts';
import type { ChannelKind, ChannelListener, Subscriber, SubscriberWatch } from './subscriber.ts';
import { translate } from './translate.ts';

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Wanted {
  readonly kind: ChannelKind;
  listener: ChannelListener | undefined;
  onConfirmed: (() => void) | undefined;
  /** The connection (by its count of openings) on which Redis confirmed the channel. */
  confirmedOn: number;
  /** True until `onConfirmed` has been told of that. */
  untold: boolean;
  /** True while a command that names the channel is under way. */
  busy: boolean;
  // There are many channels and few of them are waited for.
  waiters: Waiter[] | undefined;
}

const retryAfterMs = 100;

/**
 * Subscriptions as a wish that is reconciled with each new connection, many channels to a command. Steps of one channel
 * never overlap: the driver would otherwise take a subscribe that follows an unsubscribe for one that is already there,
 * and then drop both.
 */
export class ChannelSubscriber implements Subscriber {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #onListenerError: (error: unknown, channel: string) => void;
  readonly #wanted = new Map<string, Wanted>();
  readonly #watches = new Set<SubscriberWatch>();
  /** Channels whose wish may differ from what Redis knows. */
  #changed = new Set<string>();
  #flushing: NodeJS.Immediate | undefined;
  /** What an earlier connection carried and the present one does not carry yet. */
  readonly #missing = new Set<string>();
  #lost = false;
  /** The driver's listener for all channels of the present connection: the same one must be handed back. */
  #relay: ChannelRelay = () => undefined;

  constructor(
    connection: Connection,
    clock: Clock,
    onListenerError: (error: unknown, channel: string) => void,
  ) {
    this.#connection = connection;
    this.#clock = clock;
    this.#onListenerError = onListenerError;
    connection.onReady((client) => this.#onReady(client));
    connection.onLost(() => this.#onLost());
  }

  get channels(): number {
    return this.#wanted.size;
  }

  /** True where every channel that an earlier connection carried is confirmed on the present one. */
  get restored(): boolean {
    return this.#connection.client !== undefined && this.#missing.size === 0;
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
    const wanted = this.#wanted.get(channel);
    if (wanted === undefined) {
      this.#wanted.set(channel, {
        kind,
        listener,
        onConfirmed,
        confirmedOn: 0,
        untold: true,
        busy: false,
        waiters: undefined,
      });
    } else {
      // Given up and taken again before Redis heard of it: for the new listener that is a confirmation.
      if (wanted.listener === undefined) wanted.untold = true;
      wanted.listener = listener;
      wanted.onConfirmed = onConfirmed;
    }
    return this.active(channel);
  }

  unsubscribe(channel: string): void {
    const wanted = this.#wanted.get(channel);
    if (wanted === undefined) return;
    wanted.listener = undefined;
    this.#missing.delete(channel);
    if (this.#connection.client !== undefined) this.#reconcileSoon(channel);
    // The next connection knows nothing of it, and may be long in coming.
    else if (!wanted.busy) this.#settle(channel, wanted);
  }

  active(channel: string): Promise<void> {
    if (this.#connection.closed) return Promise.reject(redisError('redis_closed'));
    const wanted = this.#wanted.get(channel);
    if (wanted?.listener === undefined || (this.#isConfirmed(wanted) && !wanted.untold)) {
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      (wanted.waiters ??= []).push({ resolve, reject });
      this.#reconcileSoon(channel);
    });
  }

  watch(watch: SubscriberWatch): () => void {
    this.#watches.add(watch);
    return () => this.#watches.delete(watch);
  }

  reset(): void {
    this.#connection.reset();
  }

  close(): void {
    clearImmediate(this.#flushing);
    for (const wanted of this.#wanted.values()) {
      for (const waiter of takeWaiters(wanted)) waiter.reject(redisError('redis_closed'));
    }
    this.#wanted.clear();
  }

  #isConfirmed(wanted: Wanted): boolean {
    return this.#connection.client !== undefined && wanted.confirmedOn === this.#connection.info.opened;
  }

  #onReady(client: DriverClient): void {
    this.#relay = (payload, channel) => {
      // The driver goes on with what it has read although its connection has been dropped.
      if (this.#connection.client === client) this.#deliver(payload, channel.toString());
    };
    this.#missing.clear();
    for (const [channel, wanted] of this.#wanted) {
      this.#changed.add(channel);
      if (wanted.listener !== undefined && wanted.confirmedOn !== 0) this.#missing.add(channel);
    }
    this.#flush();
  }

  #onLost(): void {
    this.#lost = true;
    for (const watch of this.#watches) this.#guard('watch', () => watch.onLost());
  }

  #sayIfRestored(): void {
    if (!this.#lost || !this.restored) return;
    this.#lost = false;
    for (const watch of this.#watches) this.#guard('watch', () => watch.onRestored());
  }

  #reconcileSoon(channel: string): void {
    // Without a connection there is nothing to do: the next one reconciles all.
    if (this.#connection.client === undefined) return;
    this.#changed.add(channel);
    // Not a microtask: what the packets of many clients ask for in one turn of the event loop goes together.
    this.#flushing ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    const client = this.#connection.client;
    if (client === undefined) return;
    const changed = this.#changed;
    this.#changed = new Set();
    for (const step of this.#stepsFor(changed)) void this.#run(client, step);
    this.#sayIfRestored();
  }

  /** What is to be done about `changed`, in commands. What Redis knows already is settled at once. */
  #stepsFor(changed: Iterable<string>): ChannelStep[] {
    const groups = new Map<string, ChannelStep>();
    for (const channel of changed) {
      const wanted = this.#wanted.get(channel);
      // One under way is looked at again when its command ends.
      if (wanted === undefined || wanted.busy) continue;
      const take = wanted.listener !== undefined;
      if (take === this.#isConfirmed(wanted)) {
        this.#settle(channel, wanted);
        continue;
      }
      const name = `${wanted.kind} ${take}`;
      const group = groups.get(name);
      if (group === undefined) groups.set(name, { kind: wanted.kind, take, channels: [channel] });
      else group.channels.push(channel);
    }
    return [...groups.values()].flatMap(inCommands);
  }

  /** Never rejects. */
  async #run(client: DriverClient, step: ChannelStep): Promise<void> {
    for (const channel of step.channels) this.#begin(channel, step);
    const beganAt = this.#clock.now();
    try {
      await sendStep(client, step, this.#relay);
      this.#connection.measure('ok', beganAt);
      if (step.take && this.#connection.client === client) this.#confirm(step.channels);
      this.#end(step);
    } catch (cause) {
      const error = translate(cause);
      this.#connection.measure(error.code, beganAt);
      if (error.code === 'redis_refused') this.#onRefused(client, step, error);
      else if (this.#connection.client !== client) this.#end(step);
      // A live server that says "later" would be asked without a pause.
      else this.#clock.schedule(retryAfterMs, () => this.#end(step));
    }
  }

  #begin(channel: string, step: ChannelStep): void {
    const wanted = this.#wanted.get(channel);
    if (wanted === undefined) return;
    wanted.busy = true;
    // Before the wait: one who subscribes meanwhile must not take the channel for active.
    if (!step.take) wanted.confirmedOn = 0;
  }

  #confirm(channels: readonly string[]): void {
    const generation = this.generation;
    for (const channel of channels) {
      const wanted = this.#wanted.get(channel);
      if (wanted === undefined) continue;
      wanted.confirmedOn = generation;
      wanted.untold = true;
      this.#missing.delete(channel);
    }
  }

  /** What was wanted meanwhile is looked at in the same turn. */
  #end(step: ChannelStep): void {
    for (const channel of step.channels) {
      const wanted = this.#wanted.get(channel);
      if (wanted === undefined) continue;
      wanted.busy = false;
      this.#changed.add(channel);
    }
    this.#flush();
  }

  /** What Redis refuses it would refuse again; but one channel must not take the others down with it. */
  #onRefused(client: DriverClient, step: ChannelStep, error: unknown): void {
    const [channel, ...others] = step.channels;
    if (others.length > 0) {
      for (const each of step.channels) void this.#run(client, { ...step, channels: [each] });
      return;
    }
    if (channel === undefined) return;
    const wanted = this.#wanted.get(channel);
    if (wanted !== undefined) this.#forget(channel, wanted, error);
    this.#flush();
  }

  #settle(channel: string, wanted: Wanted): void {
    if (wanted.listener === undefined) return this.#forget(channel, wanted, redisError('redis_unsubscribed'));
    if (wanted.untold) {
      wanted.untold = false;
      this.#guard(channel, () => wanted.onConfirmed?.());
    }
    for (const waiter of takeWaiters(wanted)) waiter.resolve();
  }

  #forget(channel: string, wanted: Wanted, reason: unknown): void {
    wanted.listener = undefined;
    this.#wanted.delete(channel);
    this.#missing.delete(channel);
    for (const waiter of takeWaiters(wanted)) waiter.reject(reason);
  }

  #deliver(payload: Buffer, channel: string): void {
    this.#connection.hear();
    try {
      this.#wanted.get(channel)?.listener?.(payload, channel);
    } catch (error) {
      // Thrown into the driver it would reset its decoder in the middle of a reply.
      this.#onListenerError(error, channel);
    }
  }

  #guard(channel: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#onListenerError(error, channel);
    }
  }
}

function takeWaiters(wanted: Wanted): readonly Waiter[] {
  const waiters = wanted.waiters ?? [];
  wanted.waiters = undefined;
  return waiters;
}
