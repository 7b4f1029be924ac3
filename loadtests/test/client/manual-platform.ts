import type { Frame } from '../../client/packet.ts';
import type { Platform, Wire, WireEvents } from '../../client/platform.ts';

/** A WebSocket whose other end is the test. */
export class ManualWire implements Wire {
  readonly url: string;
  readonly events: WireEvents;
  readonly sent: Frame[] = [];
  isClosed = false;

  constructor(url: string, events: WireEvents) {
    this.url = url;
    this.events = events;
  }

  send(frame: Frame): void {
    this.sent.push(frame);
  }

  close(): void {
    this.isClosed = true;
  }

  /** Engine.IO's handshake, as a server with these pings begins. */
  handshake(pingInterval = 25_000, pingTimeout = 20_000): void {
    this.events.opened();
    this.events.received(`0${JSON.stringify({ sid: 'engine', upgrades: [], pingInterval, pingTimeout })}`);
  }

  receive(...frames: readonly Frame[]): void {
    for (const frame of frames) this.events.received(frame);
  }
}

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

/** Wires and a clock in the test's hands; `random` is in the middle. */
export class ManualPlatform implements Platform {
  readonly wires: ManualWire[] = [];
  #nowMs = 0;
  #timers: Timer[] = [];

  openWire(url: string, events: WireEvents): Wire {
    const wire = new ManualWire(url, events);
    this.wires.push(wire);
    return wire;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  random(): number {
    return 0.5;
  }

  /** The latest wire. */
  get wire(): ManualWire {
    return this.wires.at(-1) as ManualWire;
  }

  get timers(): number {
    return this.#timers.length;
  }

  /** Lets so much time pass. */
  pass(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const [next] = this.#timers.toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > untilMs) break;
      this.#nowMs = next.atMs;
      this.#timers = this.#timers.filter((other) => other !== next);
      next.callback();
    }
    this.#nowMs = untilMs;
  }
}
