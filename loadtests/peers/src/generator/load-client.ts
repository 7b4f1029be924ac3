import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { peersError } from '../errors.ts';
import type { Answer, Dialect } from './dialect/dialect.ts';
import { textOf } from './dialect/message-text.ts';

export interface LoadClientOptions {
  /** The client's own. */
  readonly dialect: Dialect;
  readonly port: number;
  /** Its own address on the loopback: each has some 28,000 ports for connections to one server. */
  readonly localAddress: string;
  readonly identity: string;
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
  readonly resolve: (recovered: boolean) => void;
  readonly reject: (error: Error) => void;
}

const connectMs = 20_000;

/** One client over one WebSocket. Speaks the wire itself: nothing of socket.io-client is between it and what is measured. */
export class LoadClient {
  readonly #options: LoadClientOptions;
  readonly #dialect: Dialect;
  readonly #socket: WebSocket;
  #stream: Socket | undefined;
  #waiter: Waiter | undefined;
  #closing = false;
  #deaf = false;
  #failure: Error | undefined;

  constructor(options: LoadClientOptions) {
    this.#options = options;
    this.#dialect = options.dialect;
    this.#socket = new WebSocket(`ws://127.0.0.1:${options.port}${this.#dialect.path}`, {
      localAddress: options.localAddress,
      perMessageDeflate: false,
      skipUTF8Validation: true,
      handshakeTimeout: connectMs,
    });
    this.#socket.once('upgrade', ({ socket }) => {
      this.#stream = socket;
    });
    this.#socket.on('open', () => this.#act(this.#dialect.open()));
    this.#socket.on('message', (data) => this.#hear(data as Buffer));
    this.#socket.on('error', (cause) => this.#fail(cause.message, cause));
    this.#socket.on('close', (code) => this.#fail(`the connection ended with ${code}`));
  }

  /**
   * Resolves once the node has let it in: to true where the node says that it is in its room as if it had never been away.
   * Like {@link LoadClient.join}, rejects with `not_connected`.
   */
  async admitted(): Promise<boolean> {
    return await this.#until('admitted');
  }

  /**
   * Resolves once it hears everything that is sent to the room: to true where the node says that nothing of what was said
   * while it was away is missing. One call at a time.
   */
  async join(room: string): Promise<boolean> {
    const joined = this.#until('joined');
    this.#socket.send(this.#dialect.join(room));
    return await joined;
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

  /** Loses the connection without a goodbye (TCP's RST): nothing that is still on the way is heard. */
  reset(): void {
    this.#closing = true;
    this.#deaf = true;
    if (this.#stream === undefined) this.#socket.terminate();
    else this.#stream.resetAndDestroy();
  }

  async #until(kind: Waiter['kind']): Promise<boolean> {
    return await new Promise<boolean>((resolve, reject) => {
      if (this.#failure === undefined) this.#waiter = { kind, resolve, reject };
      else reject(this.#failure);
    });
  }

  #settle(kind: Waiter['kind'], recovered: boolean): void {
    const waiter = this.#waiter;
    if (waiter?.kind !== kind) return;
    this.#waiter = undefined;
    waiter.resolve(recovered);
  }

  #hear(message: Buffer): void {
    if (this.#deaf) return;
    for (const frame of this.#dialect.framesOf(message)) {
      const number = this.#dialect.hear(frame);
      if (number === undefined) this.#act(this.#dialect.answer(frame.toString(), this.#options.identity));
      else this.#options.onDelivery(number);
    }
  }

  #act(answer: Answer): void {
    switch (answer.kind) {
      case 'say':
        this.#socket.send(answer.frame);
        break;
      case 'admitted':
        this.#settle('admitted', answer.recovered);
        break;
      case 'joined':
        for (const number of answer.missed) this.#options.onDelivery(number);
        this.#settle('joined', answer.recovered);
        break;
      case 'refused':
        this.#fail(answer.why);
        break;
      case 'nothing':
        break;
    }
  }

  #fail(why: string, cause?: unknown): void {
    if (this.#closing || this.#failure !== undefined) return;
    this.#failure = peersError('not_connected', { text: `a client was left out: ${why}`, cause });
    if (this.#waiter === undefined) this.#options.onFailure(this.#failure);
    else this.#waiter.reject(this.#failure);
  }
}
