/** How the core treats time and memory. All durations in milliseconds. */
export interface RedisTuning {
  /** How long a command may take, waiting for a connection included, unless the call says otherwise. */
  readonly deadlineMs: number;
  /** Commands under way or waiting, at most; one more is refused with `redis_queue_full`. */
  readonly maxOutstanding: number;
  /** TCP, TLS and handshake together. */
  readonly connectMs: number;
  /** Time between two probes of a connection. */
  readonly probeEveryMs: number;
  /** A probe unanswered for so long means a half-open or frozen peer: the connection is dropped and made anew. */
  readonly probeMs: number;
  /** First and longest pause before connecting again, jittered. */
  readonly reconnectBaseMs: number;
  readonly reconnectCapMs: number;
}

export const defaultTuning: RedisTuning = Object.freeze({
  deadlineMs: 5_000,
  maxOutstanding: 10_000,
  connectMs: 4_000,
  probeEveryMs: 1_000,
  probeMs: 3_000,
  reconnectBaseMs: 50,
  reconnectCapMs: 1_500,
});
