import { peersError } from '../errors.ts';
import { createDialect } from './dialect/create-dialect.ts';
import type { Dialect, DialectName } from './dialect/dialect.ts';
import { LoadClient } from './load-client.ts';

export interface ReturningClientOptions {
  readonly dialect: DialectName;
  readonly identity: string;
  readonly room: string;
  readonly localAddress: string;
  /** Gets the number of each message heard. */
  readonly onDelivery: (number: number) => void;
  /** Called where its connection ends and nobody has told it to let go of it. */
  readonly onLoss: (error: Error) => void;
}

/** One client in one room, which may lose its connection and come back, to another node too, as who it was. */
export class ReturningClient {
  readonly #options: ReturningClientOptions;
  readonly #dialect: Dialect;
  #connection: LoadClient | undefined;

  constructor(options: ReturningClientOptions) {
    this.#options = options;
    this.#dialect = createDialect(options.dialect);
  }

  /** True while it hears its room and may speak. */
  get isThere(): boolean {
    return this.#connection !== undefined;
  }

  /**
   * Connects, and sees to it that it hears its room. Resolves to true where the node says that nothing is missing of what
   * was said there meanwhile. Rejects with `not_connected`; it may try again then.
   */
  async connect(port: number): Promise<boolean> {
    const { room, identity, localAddress, onDelivery, onLoss } = this.#options;
    const connection = new LoadClient({
      dialect: this.#dialect,
      port,
      localAddress,
      identity,
      onDelivery,
      onFailure: (error) => {
        // Before it is there, what it waits for fails with the same.
        if (this.#connection !== connection) return;
        this.#connection = undefined;
        onLoss(error);
      },
    });
    try {
      const recovered = (await connection.admitted()) || (await connection.join(room));
      this.#connection = connection;
      return recovered;
    } catch (error) {
      connection.reset();
      throw error;
    }
  }

  /** Says message `number` in its room. Throws `not_connected` where it is not there. */
  say(number: number): void {
    if (this.#connection === undefined) throw peersError('not_connected');
    this.#connection.send(this.#options.room, number);
  }

  /** Loses its connection without a goodbye. */
  reset(): void {
    this.#connection?.reset();
    this.#connection = undefined;
  }

  /** Resolves once its connection is gone. */
  async close(): Promise<void> {
    await this.#connection?.close();
  }
}
