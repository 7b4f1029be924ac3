import { parseEntries, redisError, type RedisCore, type StreamEntry } from '@sluice/redis-core';
import type { DriverFault } from './cluster-driver.ts';
import { comparePositions } from './position.ts';
import { streamEnd } from './stream-end.ts';
import { StreamTap, type ClientEntry } from './stream-tap.ts';

type Listener = (payload: Buffer, channel: Buffer) => void;
type Fields = Readonly<Record<string, string>>;

const retryReadMs = 50;

/** How one sharded channel is listened to. */
export interface ChannelFollower {
  onPayload(payload: Buffer): void;
  /** At each confirmation of the subscription. */
  onConfirmed(): void;
  close(): void;
}

/** Makes the follower of a channel where it wants one between Redis and the adapter's `deliver`. */
export type FollowChannel = (
  channel: string,
  deliver: (payload: Buffer) => void,
) => ChannelFollower | undefined;

/**
 * The part of node-redis that the official adapters use, over redis-core's ports. They are not handed driver clients,
 * because they would open connections of their own, leave rejections unhandled, re-read from "now" after an idle
 * reconnect (`$`) and spin where a reader is closed.
 */
export class AdapterClient {
  readonly #core: RedisCore;
  readonly #report: (fault: DriverFault) => void;
  readonly #closed: AbortSignal;
  /** How far the stream that all nodes read has been delivered here. */
  readonly tap = new StreamTap();
  readonly #positions = new Map<string, string>();
  /** The position that lies beyond the end of a stream which has begun anew. */
  #lostPosition: string | undefined;
  readonly #follow: FollowChannel;
  readonly #followers = new Map<string, ChannelFollower>();

  constructor(
    core: RedisCore,
    closed: AbortSignal,
    report: (fault: DriverFault) => void,
    follow: FollowChannel = () => undefined,
  ) {
    this.#core = core;
    this.#follow = follow;
    this.#closed = closed;
    this.#report = report;
  }

  /** True once reading has a fixed beginning, from which nothing is skipped. */
  get positioned(): boolean {
    return this.#positions.size > 0;
  }

  // The official adapters duplicate their client for each blocking or subscribed use; the core has a port for each.
  duplicate(): this {
    return this;
  }

  connect(): Promise<this> {
    return Promise.resolve(this);
  }

  disconnect(): Promise<void> {
    return Promise.resolve();
  }

  on(): this {
    return this;
  }

  sendCommand(args: string[]): Promise<unknown> {
    return this.#core.commands.send(args, { idempotent: args[0] === 'PUBSUB' });
  }

  xAdd(
    stream: string,
    id: string,
    fields: Fields,
    options: { TRIM: { threshold: number } },
  ): Promise<unknown> {
    const flat = Object.entries(fields).flat();
    return this.#core.commands.send([
      'XADD',
      stream,
      'MAXLEN',
      '~',
      String(options.TRIM.threshold),
      id,
      ...flat,
    ]);
  }

  /** Never rejects: the adapter would call again at once. After the stop it never resolves either. */
  async xRead(
    streams: readonly { key: string; id: string }[],
    options: { COUNT: number; BLOCK: number },
  ): Promise<{ messages: ClientEntry[] }[] | null> {
    const [stream] = streams;
    if (stream === undefined) return null;
    this.tap.settle();
    while (!this.#closed.aborted) {
      try {
        const asked = stream.id === '$' ? await this.#begin(stream.key) : stream.id;
        const after = asked === this.#lostPosition ? '0-0' : asked;
        const reader = this.#core.reader('adapter');
        const entries = await reader.read(stream.key, after, {
          count: options.COUNT,
          blockMs: options.BLOCK,
        });
        if (entries.length === 0) {
          if (comparePositions(await streamEnd(this.#core, stream.key), after) < 0) this.#startOver(asked);
          return null;
        }
        const messages = entries.map(toClientEntry);
        // From here on the adapter asks for what follows an entry of the new beginning.
        this.#lostPosition = undefined;
        this.tap.hand(messages);
        return [{ messages }];
      } catch (cause) {
        if (this.#closed.aborted || redisError.is(cause, 'redis_closed')) break;
        this.#report({ operation: 'read', cause });
        await new Promise((resolve) => setTimeout(resolve, retryReadMs));
      }
    }
    // Any answer would be followed by the next call at once, for ever.
    return new Promise(() => undefined);
  }

  /**
   * Left to itself the adapter restores a session by reading on until it has seen the stream's end, up to a hundred times
   * where more comes in meanwhile. What this node has yet to deliver is not asked for: it reaches who is restored by itself.
   */
  async xRange(stream: string, start: string, end: string): Promise<ClientEntry[]> {
    if (end === '+' && comparePositions(start, this.tap.position) > 0) return [];
    const reply = await this.#core.commands.send(['XRANGE', stream, start, end], { idempotent: true });
    return parseEntries(reply).map(toClientEntry);
  }

  async set(key: string, value: string, options: { PX: number }): Promise<void> {
    await this.#unattended('persist session', () =>
      this.#core.commands.send(['SET', key, value, 'PX', String(options.PX)], { idempotent: true }),
    );
  }

  /** GET and DEL in one transaction, as the streams adapter takes a session. */
  multi(): { get(key: string): { del(key: string): { exec(): Promise<[string | null, number]> } } } {
    return {
      get: (key) => ({
        del: () => ({
          exec: async () => [(await this.#core.commands.send(['GETDEL', key])) as string | null, 1],
        }),
      }),
    };
  }

  publish(channel: string, payload: Buffer): Promise<void> {
    return this.#unattended('publish', () => this.#core.commands.send(['PUBLISH', channel, payload]));
  }

  sPublish(channel: string, payload: Buffer | string): Promise<unknown> {
    return this.#core.commands.send(['SPUBLISH', channel, payload]);
  }

  subscribe(channels: readonly string[], listener: Listener): Promise<void> {
    return this.#unattended('subscribe', () =>
      Promise.all(
        channels.map((channel) =>
          this.#core
            .subscriber()
            .subscribe('plain', channel, (payload) => listener(payload, Buffer.from(channel))),
        ),
      ),
    );
  }

  sSubscribe(channel: string, listener: Listener): Promise<void> {
    const name = Buffer.from(channel);
    const deliver = (payload: Buffer): void => listener(payload, name);
    const follower = this.#follow(channel, deliver);
    if (follower !== undefined) this.#followers.set(channel, follower);
    return this.#unattended('subscribe', () =>
      this.#core.subscriber().subscribe(
        'sharded',
        channel,
        (payload) => (follower === undefined ? deliver(payload) : follower.onPayload(payload)),
        () => follower?.onConfirmed(),
      ),
    );
  }

  sUnsubscribe(channel: string): Promise<void> {
    this.#core.subscriber().unsubscribe(channel);
    this.#followers.get(channel)?.close();
    this.#followers.delete(channel);
    return Promise.resolve();
  }

  /** The data is gone and ids begin anew, below those read so far: nothing would ever be read again. */
  #startOver(lost: string): void {
    this.#lostPosition = lost;
    this.tap.startAt('0-0');
    this.#report({ operation: 'stream began anew', cause: new Error(`entries up to ${lost} are gone`) });
  }

  /** The stream's end, fixed at the first call: `$` at each idle call would skip what came between two of them. */
  async #begin(stream: string): Promise<string> {
    const known = this.#positions.get(stream);
    if (known !== undefined) return known;
    const position = await streamEnd(this.#core, stream);
    this.#positions.set(stream, position);
    this.tap.startAt(position);
    return position;
  }

  /** For calls whose promise the official adapters drop. */
  async #unattended(operation: string, call: () => Promise<unknown>): Promise<void> {
    try {
      await call();
    } catch (cause) {
      // A room left before its channel was confirmed is nobody's fault.
      if (this.#closed.aborted || redisError.is(cause, 'redis_unsubscribed')) return;
      this.#report({ operation, cause });
    }
  }
}

function toClientEntry({ id, fields }: StreamEntry): ClientEntry {
  const message: Record<string, string> = {};
  for (let index = 0; index + 1 < fields.length; index += 2) {
    message[fields[index] as string] = fields[index + 1] as string;
  }
  return { id, message };
}
