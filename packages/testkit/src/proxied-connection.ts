import { createConnection, type Socket } from 'node:net';
import { ByteFlow, type Pace } from './byte-flow.ts';
import { resetSocket } from './reset-socket.ts';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** `up` leads from who connected to the proxy to the proxy's target, `down` back. */
export type Direction = 'up' | 'down' | 'both';

export type Side = 'client' | 'target';

/** With RST as after a crash of the machine, or with FIN as after a crash of the process. */
export type Cut = 'reset' | 'end';

/** A connection through a fault proxy, and what can be done to it. */
export class ProxiedConnection {
  readonly #client: Socket;
  readonly #target: Socket;
  readonly #up: ByteFlow;
  readonly #down: ByteFlow;
  #untold: Socket | undefined;

  constructor(client: Socket, endpoint: Endpoint) {
    this.#client = client;
    this.#target = createConnection({ ...endpoint, allowHalfOpen: true });
    for (const socket of [client, this.#target]) {
      socket.setNoDelay(true);
      // What follows an error is `close`, and that is where it is dealt with.
      socket.on('error', () => undefined);
    }
    this.#up = new ByteFlow(client, this.#target);
    this.#down = new ByteFlow(this.#target, client);
  }

  /** True until both sides are closed. */
  get open(): boolean {
    return !this.#client.destroyed || !this.#target.destroyed;
  }

  /** Closes both sides. */
  cut(how: Cut = 'reset'): void {
    this.#up.swallow();
    this.#down.swallow();
    for (const socket of [this.#client, this.#target]) {
      if (how === 'reset') resetSocket(socket);
      else if (socket.connecting) socket.destroy();
      else socket.destroySoon();
    }
  }

  /** Cuts as soon as the client has been sent exactly `bytes` more. */
  cutAfter(bytes: number, how: Cut = 'end'): void {
    this.#down.allow(bytes, () => this.cut(how));
  }

  /** Nothing passes any more, not even the end of the connection; both sides stay open. */
  stall(direction: Direction = 'both'): void {
    if (direction !== 'down') this.#up.stall();
    if (direction !== 'up') this.#down.stall();
  }

  /**
   * The `gone` side is closed, the other is not told: it may write what it likes and never gets an answer. After
   * {@link heal} it gets what the network would give it, an RST to whatever it writes next.
   */
  halfOpen(gone: Side = 'target'): void {
    const [lost, untold] = gone === 'target' ? [this.#target, this.#client] : [this.#client, this.#target];
    this.#untold = untold;
    this.#up.swallow();
    this.#down.swallow();
    untold.once('end', () => untold.destroy());
    lost.destroy();
  }

  slow(pace: Pace): void {
    this.#up.slow(pace);
    this.#down.slow(pace);
  }

  /** Ends stalls and slowness. */
  heal(): void {
    const untold = this.#untold;
    if (untold === undefined) {
      this.#up.heal();
      this.#down.heal();
    } else {
      const flow = untold === this.#client ? this.#up : this.#down;
      flow.swallow(() => resetSocket(untold));
    }
  }

  /** Calls `listener` once both sides are closed. */
  onClosed(listener: () => void): void {
    for (const socket of [this.#client, this.#target]) {
      socket.once('close', () => {
        if (!this.open) listener();
      });
    }
  }
}
