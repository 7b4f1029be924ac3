import { randomBytes } from 'node:crypto';
import { atMost, type Clock } from '@sluice/kernel';
import {
  redisError,
  type RedisArgument,
  type RedisCore,
  type RedisReply,
  type Script,
} from '@sluice/redis-core';
import { origin, type LogPublication, type LogReceipt, type Position, type Topic } from './cluster-log.ts';
import type { LogKeys } from './log-keys.ts';
import { advanceScript, findScript } from './log-scripts.ts';
import { Outbox, type Outgoing, type OutboxLimits } from './outbox.ts';
import { comparePositions } from '../position.ts';
import { PublishScripts } from './publish-scripts.ts';

export interface RedisPublisherOptions extends OutboxLimits {
  readonly clock: Clock;
}

const retryAfterMs = 100;
const findPageSize = 1_000;

/** Publishes through an outbox, and settles what was under way when a connection ended before it sends anything more. */
export class RedisPublisher {
  readonly #core: RedisCore;
  readonly #keys: LogKeys;
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  readonly #scripts = new PublishScripts();
  /** What Redis has been given over the present connection. */
  readonly #loaded = new Set<Script>();
  readonly #process = BigInt(`0x${randomBytes(8).toString('hex')}`).toString(36);
  #highest: Position = origin;
  /** Where the entry at the highest position is. */
  #highestTopic: Topic | undefined;
  /** The connection that publications were last sent over, as CLIENT KILL can name it. */
  #carrier: readonly string[] | undefined;
  #recovery = 0;
  #cancelRetry: (() => void) | undefined;
  #stopListening: (() => void) | undefined;

  constructor(core: RedisCore, keys: LogKeys, options: RedisPublisherOptions) {
    this.#core = core;
    this.#keys = keys;
    this.#clock = options.clock;
    this.#outbox = new Outbox(options, {
      clock: options.clock,
      attempt: (item, deadlineMs) => this.#attempt(item, deadlineMs),
      highest: () => this.#highest,
      connected: () => core.commands.available,
      onHeld: () => this.#recoverLater(),
    });
  }

  get available(): boolean {
    return this.#outbox.isOpen;
  }

  get unsettled(): { readonly publications: number; readonly bytes: number } {
    return this.#outbox.unsettled;
  }

  publish(publication: LogPublication): Promise<LogReceipt> {
    return this.#outbox.publish(publication);
  }

  /** To be told of every position that has been given out, as far as this process gets to know them. */
  witness(topic: Topic, position: Position): void {
    if (comparePositions(position, this.#highest) <= 0) return;
    this.#highest = position;
    this.#highestTopic = topic;
  }

  start(): void {
    if (this.#stopListening !== undefined) return;
    const { commands } = this.#core;
    this.#stopListening = commands.onOpened(() => void this.#recover());
    if (commands.available) void this.#recover();
  }

  /** Waits up to `deadlineMs` for what is not settled, and rejects the rest with `redis_closed`. */
  async stop(deadlineMs: number): Promise<void> {
    await atMost(deadlineMs, this.#outbox.emptied(), this.#clock);
    this.#outbox.close();
    this.#recovery += 1;
    this.#cancelRetry?.();
    this.#stopListening?.();
  }

  async #attempt(item: Outgoing, deadlineMs: number): Promise<LogReceipt> {
    const { topics, body, retention, idempotency } = item.publication;
    const keys: RedisArgument[] = [this.#keys.index];
    for (const topic of topics.length === 1 ? topics : new Set(topics)) {
      const { log, end, channel } = this.#keys.topic(topic);
      keys.push(log, end, channel);
    }
    if (idempotency !== undefined) keys.push(this.#keys.idempotency(idempotency.key));
    const ttlMs = idempotency === undefined ? '' : String(idempotency.ttlMs);
    const { script, args } = this.#scripts.for(retention);
    if (!this.#loaded.has(script)) this.#load(script);
    const reply = await this.#core.commands.run(script, keys, [this.#tag(item), body, ttlMs, ...args], {
      deadlineMs,
    });
    if (typeof reply !== 'string') return { position: (reply as [string])[0], duplicate: true };
    this.witness(topics[0], reply);
    return { position: reply, duplicate: false };
  }

  #tag(item: Outgoing): string {
    return `${this.#process}.${item.number.toString(36)}`;
  }

  /** Ahead of its first use over a connection: publications that had to be sent again in full would change places. */
  #load(script: Script): void {
    this.#loaded.add(script);
    this.#core.commands.send(['SCRIPT', 'LOAD', script.source]).catch(() => undefined);
  }

  #recoverLater(): void {
    if (this.#cancelRetry !== undefined) return;
    this.#cancelRetry = this.#clock.schedule(retryAfterMs, () => {
      this.#cancelRetry = undefined;
      // The next connection begins it anew.
      if (this.#core.commands.available) void this.#recover();
    });
  }

  /** Never rejects. Ends with an open outbox, or where the next connection or a later try has to come first. */
  async #recover(): Promise<void> {
    const recovery = (this.#recovery += 1);
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#outbox.hold();
    try {
      await this.#prepare();
      if (recovery === this.#recovery) await this.#settle();
      if (recovery !== this.#recovery) return;
      if (this.#outbox.underWay > 0) this.#recoverLater();
      else this.#outbox.open();
    } catch (error) {
      if (recovery !== this.#recovery) return;
      if (redisError.is(error, 'redis_refused')) this.#outbox.hold(error);
      this.#recoverLater();
    }
  }

  /** All of it is written in one go, ahead of whatever waits for this connection. */
  async #prepare(): Promise<void> {
    const { commands } = this.#core;
    this.#loaded.clear();
    const topic = this.#highestTopic;
    const log = topic === undefined ? this.#keys.index : this.#keys.topic(topic).log;
    const [, carrier, last] = await Promise.all([
      this.#silence(this.#carrier),
      commands.send(['CLIENT', 'INFO']).catch(unlessRefused),
      commands.run(advanceScript, [this.#keys.index, this.#keys.lost, log], [this.#highest]),
    ]);
    this.#carrier = parseCarrier(carrier);
    if (comparePositions(last as Position, this.#highest) > 0) {
      this.#highest = last as Position;
      this.#highestTopic = undefined;
    }
  }

  /**
   * Ends the connection before on Redis's side. A Redis that was frozen, or a link that stood still, may hold
   * publications of it and would carry them out after they had been looked for in vain. Needs the right to CLIENT KILL.
   */
  async #silence(carrier: readonly string[] | undefined): Promise<void> {
    if (carrier === undefined) return;
    await this.#core.commands.send(['CLIENT', 'KILL', ...carrier]).catch(unlessRefused);
  }

  /** Finds out what became of publications whose outcome is unknown. */
  async #settle(): Promise<void> {
    const { unknown } = this.#outbox;
    const first = new Map<Topic, Position>();
    for (const { publication, after } of unknown) {
      const topic = publication.topics[0];
      if (!first.has(topic)) first.set(topic, after);
    }
    const found = new Map<number, Position>();
    await Promise.all([...first].map(([topic, after]) => this.#find(topic, after, found)));
    // They were sent in order over one connection: all before the last one found has been carried out too.
    const last = Math.max(0, ...found.keys());
    for (const item of unknown) {
      const position = found.get(item.number);
      if (position !== undefined) this.#outbox.settle(item, { position, duplicate: false });
      // It has been trimmed already. With an idempotency key it can be asked for again.
      else if (item.number < last && item.publication.idempotency === undefined) {
        this.#outbox.settle(item, undefined);
      }
    }
  }

  async #find(topic: Topic, after: Position, found: Map<number, Position>): Promise<void> {
    const { log } = this.#keys.topic(topic);
    for (let from = after; from !== '';) {
      const reply = await this.#core.commands.run(
        findScript,
        [log],
        [this.#process, from, String(findPageSize)],
      );
      const [last = '', ...pairs] = reply as string[];
      for (let i = 0; i < pairs.length; i += 2) {
        found.set(Number.parseInt(pairs[i] ?? '', 36), pairs[i + 1] ?? origin);
      }
      from = last;
    }
  }
}

function unlessRefused(error: unknown): undefined {
  if (!redisError.is(error, 'redis_refused')) throw error;
}

function parseCarrier(info: RedisReply | undefined): readonly string[] | undefined {
  const [, id, address] = /^id=(\d+) addr=(\S+)/.exec(typeof info === 'string' ? info : '') ?? [];
  return id === undefined || address === undefined ? undefined : ['ID', id, 'ADDR', address];
}
