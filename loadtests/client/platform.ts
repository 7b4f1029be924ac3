import type { Frame } from './packet.ts';

/** What the client needs of the machine that it runs on: k6's in production, one made by hand in tests. */
export interface Platform {
  /** Begins to open a WebSocket. Calls `events` later, never from within. */
  openWire(url: string, events: WireEvents): Wire;
  /** Calls `callback` once after `delayMs`; the returned function cancels. */
  schedule(delayMs: number, callback: () => void): () => void;
  /** Uniform in [0, 1). */
  random(): number;
}

/** A WebSocket. */
export interface Wire {
  /** Does nothing where the WebSocket is not open (any more). */
  send(frame: Frame): void;
  /** Ends it. None of its events is called after that. */
  close(): void;
}

export interface WireEvents {
  opened(): void;
  received(frame: Frame): void;
  /** Called once, where it ended otherwise than by {@link Wire.close}; where it never opened, `error` says why. */
  ended(error?: string): void;
}
