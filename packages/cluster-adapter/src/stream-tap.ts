import { systemClock, type Clock } from '@sluice/kernel';
import { comparePositions } from './position.ts';

/** An entry of the stream that all nodes read, as node-redis has it. */
export interface ClientEntry {
  readonly id: string;
  readonly message: Readonly<Record<string, string>>;
}

/** What this node has delivered since a moment. */
export interface Capture {
  readonly entries: readonly ClientEntry[];
  /** False where it was kept too long or grew too large to be whole. */
  readonly whole: boolean;
  end(): void;
}

// How long a returning client may be ahead of this node. A node that lags more than this had better not recover it.
const maxLagMs = 2_000;
// A socket is let in or refused far sooner; what is left behind by one that went away in between must not stay.
const maxAgeMs = 15_000;
const maxEntries = 10_000;

/** Knows exactly how far this node has delivered the stream, and keeps what it delivers while a session is restored. */
export class StreamTap {
  readonly #clock: Clock;
  readonly #captures = new Set<OpenCapture>();
  readonly #waiting = new Set<() => void>();
  #handed: readonly ClientEntry[] = [];
  #position = '0-0';

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** The last entry delivered to this node's sockets. */
  get position(): string {
    return this.#position;
  }

  /** Where reading began: everything before counts as delivered. */
  startAt(position: string): void {
    this.#position = position;
  }

  /** Entries given to the adapter, which delivers them all in one synchronous stretch. */
  hand(entries: readonly ClientEntry[]): void {
    this.#handed = entries;
  }

  /** The adapter asks for more: what it was given has been delivered. */
  settle(): void {
    const delivered = this.#handed;
    this.#handed = [];
    const last = delivered.at(-1);
    if (last === undefined) return;
    this.#position = last.id;
    for (const capture of this.#captures) capture.add(delivered);
    for (const look of this.#waiting) look();
  }

  /** Resolves to true once this node has delivered `position`, to false where that takes too long. */
  reaches(position: string): Promise<boolean> {
    const reached = (): boolean => comparePositions(this.#position, position) >= 0;
    if (reached()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (outcome: boolean): void => {
        cancel();
        this.#waiting.delete(look);
        resolve(outcome);
      };
      const look = (): void => {
        if (reached()) end(true);
      };
      const cancel = this.#clock.schedule(maxLagMs, () => end(false));
      this.#waiting.add(look);
    });
  }

  capture(): Capture {
    const capture = new OpenCapture((ended) => {
      cancel();
      this.#captures.delete(ended);
    });
    const cancel = this.#clock.schedule(maxAgeMs, () => capture.abandon());
    this.#captures.add(capture);
    return capture;
  }
}

class OpenCapture implements Capture {
  readonly #onEnd: (capture: OpenCapture) => void;
  #entries: ClientEntry[] = [];
  #whole = true;

  constructor(onEnd: (capture: OpenCapture) => void) {
    this.#onEnd = onEnd;
  }

  get entries(): readonly ClientEntry[] {
    return this.#entries;
  }

  get whole(): boolean {
    return this.#whole;
  }

  add(entries: readonly ClientEntry[]): void {
    this.#entries.push(...entries);
    if (this.#entries.length > maxEntries) this.abandon();
  }

  abandon(): void {
    this.#whole = false;
    this.#entries = [];
    this.end();
  }

  end(): void {
    this.#onEnd(this);
  }
}
