import type { Frame } from './packet.ts';
import type { Platform, Wire } from './platform.ts';

/** The packets of Engine.IO 4, which is what the WebSocket carries (https://socket.io/docs/v4/engine-io-protocol/). */
const engine = { open: '0', close: '1', ping: '2', pong: '3', message: '4' } as const;

/** Why a connection ended, in socket.io-client's words. */
export type ConnectionEnd = 'transport close' | 'ping timeout' | 'parse error';

export interface ConnectionEvents {
  opened(): void;
  /** A part of a Socket.IO packet. */
  received(frame: Frame): void;
  /** It was open and is not any more. This or {@link failed} is called once, unless {@link Connection.close} was. */
  ended(reason: ConnectionEnd): void;
  /** It never opened. */
  failed(why: string): void;
}

interface Handshake {
  readonly pingInterval: number;
  readonly pingTimeout: number;
}

/** An Engine.IO connection over one WebSocket: its opening, its heartbeat, its end. */
export class Connection {
  readonly #platform: Platform;
  readonly #events: ConnectionEvents;
  readonly #wire: Wire;
  /** Cancels what ends the connection where nothing comes: its opening first, then the server's next ping. */
  #cancelDeadline: () => void;
  #pingWithinMs = 0;
  #isOpen = false;
  #hasEnded = false;

  /** @param openWithinMs how long the WebSocket and the handshake may take */
  constructor(platform: Platform, url: string, openWithinMs: number, events: ConnectionEvents) {
    this.#platform = platform;
    this.#events = events;
    this.#cancelDeadline = platform.schedule(openWithinMs, () =>
      this.#end('transport close', `not open after ${openWithinMs} ms`),
    );
    this.#wire = platform.openWire(url, {
      // The server speaks first.
      opened: () => undefined,
      received: (frame) => this.#receive(frame),
      ended: (error) => this.#end('transport close', error),
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  send(frame: Frame): void {
    if (this.#isOpen) this.#wire.send(typeof frame === 'string' ? engine.message + frame : frame);
  }

  /** Ends the connection without a goodbye, as a lost network does; {@link ConnectionEvents.ended} is not called. */
  close(): void {
    this.#hasEnded = true;
    this.#isOpen = false;
    this.#cancelDeadline();
    this.#wire.close();
  }

  #receive(frame: Frame): void {
    if (this.#hasEnded) return;
    if (typeof frame !== 'string') {
      this.#events.received(frame);
      return;
    }
    const payload = frame.slice(1);
    if (frame.startsWith(engine.message)) this.#events.received(payload);
    else if (frame.startsWith(engine.ping)) this.#answerPing(payload);
    else if (frame.startsWith(engine.open)) this.#open(payload);
    else if (frame.startsWith(engine.close)) this.#end('transport close');
  }

  #open(payload: string): void {
    const handshake = parseHandshake(payload);
    if (handshake === undefined) {
      this.#end('parse error', payload.slice(0, 100));
      return;
    }
    this.#pingWithinMs = handshake.pingInterval + handshake.pingTimeout;
    this.#isOpen = true;
    this.#expectPing();
    this.#events.opened();
  }

  #answerPing(payload: string): void {
    this.#wire.send(engine.pong + payload);
    this.#expectPing();
  }

  #expectPing(): void {
    this.#cancelDeadline();
    this.#cancelDeadline = this.#platform.schedule(this.#pingWithinMs, () => this.#end('ping timeout'));
  }

  #end(reason: ConnectionEnd, detail?: string): void {
    if (this.#hasEnded) return;
    const wasOpen = this.#isOpen;
    this.close();
    if (wasOpen) this.#events.ended(reason);
    else this.#events.failed(detail ?? reason);
  }
}

function parseHandshake(payload: string): Handshake | undefined {
  try {
    const { pingInterval, pingTimeout } = JSON.parse(payload) as Partial<Handshake>;
    if (typeof pingInterval !== 'number' || typeof pingTimeout !== 'number') return undefined;
    return { pingInterval, pingTimeout };
  } catch {
    return undefined;
  }
}
