import { WebSocket } from 'ws';
import { peersError } from '../errors.ts';
import { createDialect, numberIn, textOf, type DialectName } from './dialect.ts';

export interface LoadClientOptions {
  readonly dialect: DialectName;
  readonly port: number;
  /** Its own address on the loopback: each has some 28,000 ports for connections to one server. */
  readonly localAddress: string;
  readonly identity: string;
  readonly wantsTrace: boolean;
  /** Gets the number of each message heard. */
  readonly onDelivery: (number: number) => void;
  /**
   * Called where it is refused anything, or its connection ends before {@link LoadClient.close}; once, and not where a call
   * rejects with it.
   */
  readonly onFailure: (error: Error) => void;
}

interface Waiter {
  readonly kind: 'admitted' | 'joined';
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const connectMs = 20_000;

/** One client over one WebSocket. Speaks the wire itself: nothing of socket.io-client is between it and what is measured. */
export class LoadClient {
  readonly #options: LoadClientOptions;
  readonly #dialect;
  readonly #socket: WebSocket;
  #waiter: Waiter | undefined;
  #closing = false;
  #failed = false;

  constructor(options: LoadClientOptions) {
    this.#options = options;
    this.#dialect = createDialect(options.dialect, options);
    this.#socket = new WebSocket(`ws://127.0.0.1:${options.port}${this.#dialect.path}`, {
      localAddress: options.localAddress,
      perMessageDeflate: false,
      skipUTF8Validation: true,
      handshakeTimeout: connectMs,
    });
    if (this.#dialect.admitsAtOnce) this.#socket.on('open', () => this.#settle('admitted'));
    this.#socket.on('message', (data) => this.#hear(data as Buffer));
    this.#socket.on('error', (cause) => this.#fail(cause.message, cause));
    this.#socket.on('close', (code) => this.#fail(`the connection ended with ${code}`));
  }

  /** Resolves once the node has let it in. Like {@link LoadClient.join}, rejects with `not_connected`. */
  async admitted(): Promise<void> {
    await this.#until('admitted');
  }

  /** Resolves once it hears everything that is sent to the room. One call at a time. */
  async join(room: string): Promise<void> {
    const joined = this.#until('joined');
    this.#socket.send(this.#dialect.join(room));
    await joined;
  }

  send(room: string, number: number): void {
    this.#socket.send(this.#dialect.message(room, textOf(number)));
  }

  /** Resolves once the connection is gone. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    await new Promise<void>((resolve) => {
      this.#socket.once('close', () => resolve());
      this.#socket.close();
    });
  }

  async #until(kind: Waiter['kind']): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#waiter = { kind, resolve, reject };
    });
  }

  #settle(kind: Waiter['kind']): void {
    const waiter = this.#waiter;
    if (waiter?.kind !== kind) return;
    this.#waiter = undefined;
    waiter.resolve();
  }

  #hear(frame: Buffer): void {
    const number = numberIn(frame);
    if (number !== undefined) {
      this.#options.onDelivery(number);
      return;
    }
    const answer = this.#dialect.answer(frame.toString(), this.#options.identity);
    switch (answer.kind) {
      case 'say':
        this.#socket.send(answer.frame);
        break;
      case 'admitted':
      case 'joined':
        this.#settle(answer.kind);
        break;
      case 'refused':
        this.#fail(answer.why);
        break;
      case 'nothing':
        break;
    }
  }

  #fail(why: string, cause?: unknown): void {
    if (this.#closing || this.#failed) return;
    this.#failed = true;
    const error = peersError('not_connected', { text: `a client was left out: ${why}`, cause });
    if (this.#waiter === undefined) this.#options.onFailure(error);
    else this.#waiter.reject(error);
  }
}
