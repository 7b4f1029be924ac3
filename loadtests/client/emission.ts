/** A listener or acknowledgement callback of any shape; whoever writes one states what the server sends. */
export type Callback = (...args: never[]) => void;

/** How an event is to be sent. */
export interface EmissionFlags {
  /** Where given, the acknowledgement comes with an error first, `ack_timeout` after so many milliseconds. */
  readonly timeoutMs?: number;
  /** Dropped, and not kept until later, where the socket is not connected. */
  readonly volatile?: boolean;
}

/** What {@link Emission} needs of its socket. */
export type Send = (flags: EmissionFlags, data: readonly unknown[]) => void;

/** An event about to be sent in a certain way: what `socket.timeout(ms)` and `socket.volatile` return. */
export class Emission {
  readonly #send: Send;
  readonly #flags: EmissionFlags;

  constructor(send: Send, flags: EmissionFlags) {
    this.#send = send;
    this.#flags = flags;
  }

  timeout(timeoutMs: number): Emission {
    return new Emission(this.#send, { ...this.#flags, timeoutMs });
  }

  get volatile(): Emission {
    return new Emission(this.#send, { ...this.#flags, volatile: true });
  }

  /** As {@link Socket.emit}; with a time-out, a function at the end is called with an error or null, then the answer. */
  emit(event: string, ...args: readonly unknown[]): void {
    this.#send(this.#flags, [event, ...args]);
  }

  /** Resolves to the first argument of the acknowledgement. Rejects with `ack_timeout` or `disconnected`. */
  emitWithAck(event: string, ...args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const answered = (error: Error | null, answer: unknown): void => {
        if (error === null) resolve(answer);
        else reject(error);
      };
      // Without a limit the promise would outlive its VU.
      this.#send({ timeoutMs: defaultAckMs, ...this.#flags }, [event, ...args, answered]);
    });
  }
}

const defaultAckMs = 30_000;
