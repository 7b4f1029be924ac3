import type { Socket } from 'node:net';
import { resetSocket } from './reset-socket.ts';

/** How fast bytes pass; what is left out is not limited. */
export interface Pace {
  readonly bytesPerSecond?: number;
  /** Added to every byte's way. */
  readonly latencyMs?: number;
}

type Item =
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly dueMs: number }
  | { readonly kind: 'end' | 'reset'; readonly dueMs: number };

// As much as a kernel's buffer: who sends more than passes has to feel it.
const maxQueuedBytes = 65_536;
// A limited rate passes in so many portions a second, or in single bytes where it is lower.
const portionsPerSecond = 20;

/** One direction of a proxied connection: what arrives at the source leaves at the sink, as far as its faults let it. */
export class ByteFlow {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #queue: Item[] = [];
  #queuedBytes = 0;
  #state: 'flowing' | 'stalled' | 'swallowing' = 'flowing';
  #pace: Pace = {};
  #nextPortionMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #draining = false;
  #allowance: { bytes: number; readonly onSpent: () => void } | undefined;
  #onSwallowed: (() => void) | undefined;

  constructor(source: Socket, sink: Socket) {
    this.#source = source;
    this.#sink = sink;
    source.on('data', (bytes) => {
      if (this.#state === 'swallowing') this.#onSwallowed?.();
      else this.#add({ kind: 'bytes', bytes, dueMs: this.#dueMs() });
    });
    source.on('end', () => this.#add({ kind: 'end', dueMs: this.#dueMs() }));
    source.on('close', (failed) => this.#add({ kind: failed ? 'reset' : 'end', dueMs: this.#dueMs() }));
    sink.on('drain', () => {
      this.#draining = false;
      this.#pump();
    });
    sink.on('close', () => {
      if (this.#state !== 'swallowing') this.swallow();
    });
  }

  /** Stops reading: the sender's own buffers fill up. What has been read waits, the end of the connection included. */
  stall(): void {
    if (this.#state !== 'flowing') return;
    this.#state = 'stalled';
    this.#source.pause();
  }

  slow(pace: Pace): void {
    this.#pace = pace;
  }

  /** Reads on and forgets what it reads, for good; the sink hears nothing of it, nor of the source's end. */
  swallow(onSwallowed?: () => void): void {
    this.#onSwallowed = onSwallowed;
    this.#state = 'swallowing';
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    clearTimeout(this.#timer);
    this.#source.resume();
  }

  /** Calls `onSpent` once exactly `bytes` more have passed; nothing passes after. */
  allow(bytes: number, onSpent: () => void): void {
    this.#allowance = { bytes, onSpent };
  }

  /** Ends a stall and a pace. */
  heal(): void {
    this.#pace = {};
    if (this.#state === 'stalled') this.#state = 'flowing';
    this.#pump();
  }

  #dueMs(): number {
    return performance.now() + (this.#pace.latencyMs ?? 0);
  }

  #add(item: Item): void {
    if (this.#state === 'swallowing') return;
    this.#queue.push(item);
    if (item.kind === 'bytes') this.#queuedBytes += item.bytes.length;
    this.#pump();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    while (this.#state === 'flowing' && !this.#draining) {
      const item = this.#queue[0];
      if (item === undefined) break;
      const waitMs = Math.max(item.dueMs, this.#nextPortionMs) - performance.now();
      if (waitMs > 0 && this.#isPaced(item)) {
        this.#timer = setTimeout(() => this.#pump(), waitMs);
        break;
      }
      this.#queue.shift();
      this.#pass(item);
    }
    if (this.#state === 'flowing') {
      if (this.#queuedBytes > maxQueuedBytes) this.#source.pause();
      else this.#source.resume();
    }
  }

  /** False once a pace was taken back: what still waits for it goes at once. */
  #isPaced(item: Item): boolean {
    const { bytesPerSecond, latencyMs } = this.#pace;
    return latencyMs !== undefined || (bytesPerSecond !== undefined && item.kind === 'bytes');
  }

  #pass(item: Item): void {
    if (item.kind === 'bytes') this.#passBytes(item.bytes, item.dueMs);
    else if (item.kind === 'end') this.#sink.end();
    else resetSocket(this.#sink);
  }

  #passBytes(bytes: Buffer, dueMs: number): void {
    const { bytesPerSecond } = this.#pace;
    const allowance = this.#allowance;
    let length = Math.min(bytes.length, allowance?.bytes ?? Infinity);
    if (bytesPerSecond !== undefined) {
      length = Math.min(length, Math.max(1, Math.floor(bytesPerSecond / portionsPerSecond)));
      this.#nextPortionMs = performance.now() + (length / bytesPerSecond) * 1_000;
    }
    this.#queuedBytes -= length;
    if (length < bytes.length) {
      this.#queue.unshift({ kind: 'bytes', bytes: bytes.subarray(length), dueMs });
    }
    if (length > 0) this.#draining = !this.#sink.write(bytes.subarray(0, length));
    if (allowance === undefined) return;
    allowance.bytes -= length;
    if (allowance.bytes > 0) return;
    this.#allowance = undefined;
    allowance.onSpent();
  }
}
