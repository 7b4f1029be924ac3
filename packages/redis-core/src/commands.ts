import { context, ROOT_CONTEXT, type Context } from '@opentelemetry/api';
import type { CodedError, Clock } from '@sluice/kernel';
import { RESP_TYPES } from '@redis/client';
import type { Connection } from './connection.ts';
import { redisError, type RedisErrorCode } from './errors.ts';
import type { Script } from './script.ts';
import { replyCode, translate } from './translate.ts';
import type { RedisTuning } from './tuning.ts';

/** A reply as RESP3 has it, strings decoded as UTF-8 unless {@link CommandOptions.bytes} asks for their bytes. */
export type RedisReply =
  | string
  | Buffer
  | number
  | bigint
  | boolean
  | null
  | readonly RedisReply[]
  | { readonly [field: string]: RedisReply };

export type RedisArgument = string | Buffer;

export interface CommandOptions {
  /** From the call to the answer, waiting for a connection included; the tuning's `deadlineMs` unless given. */
  readonly deadlineMs?: number;
  /**
   * True where running it twice does no harm: it is then sent again, within its deadline, when the connection is
   * lost under way or Redis says "later" (loading, failing over). Default false.
   */
  readonly idempotent?: boolean;
  /**
   * Bulk strings of the reply come as Buffer, undecoded; field names of maps and simple strings (`OK`) do not. They are
   * views of what came off the socket: copy what is kept for long.
   */
  readonly bytes?: true;
}

export interface Commands {
  /**
   * Sends one command. Rejects with `redis_unavailable` after the deadline, `redis_connection_lost` where the outcome
   * is unknown, `redis_queue_full`, `redis_refused`, `redis_not_ready` or `redis_closed`.
   */
  send(args: readonly RedisArgument[], options?: CommandOptions): Promise<RedisReply>;
  /** Runs a script, with its full text only where the server does not know it. */
  run(
    script: Script,
    keys: readonly RedisArgument[],
    args: readonly RedisArgument[],
    options?: CommandOptions,
  ): Promise<RedisReply>;
  /** Commands waiting for a connection or an answer. */
  readonly outstanding: number;
  /** True while there is a connection: what is sent now does not wait for one. */
  readonly available: boolean;
  /**
   * Calls `listener` synchronously at each connection, the first included, before anything that waited is written: what it
   * sends goes first. Its exceptions are reported as `listenerFailed`. The returned function ends that.
   */
  onOpened(listener: () => void): () => void;
}

interface Request {
  readonly args: readonly RedisArgument[];
  readonly mapping: typeof asBytes | undefined;
  /** What `args` names by its digest, for a Redis that does not know it. */
  readonly script: Script | undefined;
  readonly resolve: (reply: RedisReply) => void;
  readonly reject: (error: unknown) => void;
  readonly beganAt: number;
  readonly expiresAt: number;
  readonly idempotent: boolean;
  /** What has caused it, for the driver's diagnostics channels: it may be written long after the call. */
  readonly cause: Context | undefined;
  retries: number;
}

// Deadlines are checked at this grain by one timer, because a timer per command costs more than the command.
const sweepEveryMs = 50;
const retryAfterMs = 100;

// Made once: the driver looks into it at each reply.
const asBytes = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };

/**
 * Commands over one connection: a bounded queue in front of the driver that holds what cannot be written yet, so that
 * a request whose caller has given up is never sent afterwards.
 */
export class CommandQueue implements Commands {
  readonly #connection: Connection;
  readonly #tuning: RedisTuning;
  readonly #clock: Clock;
  readonly #onListenerError: (error: unknown) => void;
  readonly #openedListeners = new Set<() => void>();
  readonly #outstanding = new Set<Request>();
  #waiting: Request[] = [];
  #sweeping = false;

  constructor(
    connection: Connection,
    tuning: RedisTuning,
    clock: Clock,
    onListenerError: (error: unknown) => void,
  ) {
    this.#connection = connection;
    this.#tuning = tuning;
    this.#clock = clock;
    this.#onListenerError = onListenerError;
    connection.onReady(() => {
      this.#announce();
      this.#flush();
    });
  }

  get available(): boolean {
    return this.#connection.client !== undefined;
  }

  onOpened(listener: () => void): () => void {
    this.#openedListeners.add(listener);
    return () => this.#openedListeners.delete(listener);
  }

  get outstanding(): number {
    return this.#outstanding.size;
  }

  send(args: readonly RedisArgument[], options: CommandOptions = {}): Promise<RedisReply> {
    return this.#enqueue(args, options);
  }

  run(
    script: Script,
    keys: readonly RedisArgument[],
    args: readonly RedisArgument[],
    options: CommandOptions = {},
  ): Promise<RedisReply> {
    return this.#enqueue(['EVALSHA', script.sha1, String(keys.length), ...keys, ...args], options, script);
  }

  /** Rejects what is still waiting. */
  close(): void {
    for (const request of this.#outstanding) this.#reject(request, redisError('redis_closed'));
    this.#waiting = [];
  }

  #enqueue(args: readonly RedisArgument[], options: CommandOptions, script?: Script): Promise<RedisReply> {
    if (this.#connection.closed) return Promise.reject(redisError('redis_closed'));
    const beganAt = this.#clock.now();
    if (this.#outstanding.size >= this.#tuning.maxOutstanding) {
      this.#connection.measure('redis_queue_full', beganAt);
      return Promise.reject(redisError('redis_queue_full'));
    }
    const active = context.active();
    return new Promise((resolve, reject) => {
      const request: Request = {
        args,
        mapping: options.bytes === true ? asBytes : undefined,
        script,
        resolve,
        reject,
        beganAt,
        expiresAt: beganAt + (options.deadlineMs ?? this.#tuning.deadlineMs),
        idempotent: options.idempotent ?? false,
        cause: active === ROOT_CONTEXT ? undefined : active,
        retries: 0,
      };
      this.#outstanding.add(request);
      this.#sweepLater();
      this.#write(request);
    });
  }

  #write(request: Request, args = request.args): void {
    const client = this.#connection.client;
    if (client === undefined) {
      this.#waiting.push(request);
      return;
    }
    const send = () => client.sendCommand(args, request.mapping);
    const sent = request.cause === undefined ? send() : context.with(request.cause, send);
    sent.then(
      (reply) => {
        this.#connection.hear();
        if (!this.#outstanding.delete(request)) return;
        this.#connection.measure('ok', request.beganAt);
        request.resolve(reply as unknown as RedisReply);
      },
      (error: unknown) => this.#onError(request, error),
    );
  }

  #onError(request: Request, cause: unknown): void {
    if (replyCode(cause) === 'READONLY') this.#connection.leaveReplica();
    if (!this.#outstanding.has(request)) return;
    if (replyCode(cause) === 'NOSCRIPT' && request.script !== undefined) {
      this.#write(request, ['EVAL', request.script.source, ...request.args.slice(2)]);
      return;
    }
    const error = translate(cause);
    if (this.#connection.closed || !error.retryable || !request.idempotent) {
      this.#reject(request, error);
      return;
    }
    request.retries += 1;
    // A lost connection is waited for; "later" from a live server wants a pause.
    const pauseMs = error.code === 'redis_not_ready' ? retryAfterMs * Math.min(request.retries, 5) : 0;
    this.#clock.schedule(pauseMs, () => {
      if (this.#outstanding.has(request)) this.#write(request);
    });
  }

  #reject(request: Request, error: CodedError<RedisErrorCode>): void {
    this.#outstanding.delete(request);
    this.#connection.measure(error.code, request.beganAt);
    request.reject(error);
  }

  #announce(): void {
    for (const listener of this.#openedListeners) {
      try {
        listener();
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const request of waiting) if (this.#outstanding.has(request)) this.#write(request);
  }

  #sweepLater(): void {
    if (this.#sweeping) return;
    this.#sweeping = true;
    this.#clock.schedule(sweepEveryMs, () => {
      this.#sweeping = false;
      this.#sweep();
      if (this.#outstanding.size > 0) this.#sweepLater();
    });
  }

  #sweep(): void {
    const now = this.#clock.now();
    let expired = false;
    for (const request of this.#outstanding) {
      if (request.expiresAt > now) continue;
      expired = true;
      this.#reject(request, redisError('redis_unavailable'));
    }
    if (expired) this.#waiting = this.#waiting.filter((request) => this.#outstanding.has(request));
  }
}
