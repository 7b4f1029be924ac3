/** How a client comes back; names and defaults are socket.io-client's. */
export interface ReconnectionOptions {
  /** Before the first attempt, in milliseconds. Default 1,000. */
  readonly delayMs?: number;
  /** Before any attempt, in milliseconds, the jitter aside. Default 5,000. */
  readonly maxDelayMs?: number;
  /** How far a delay may be off either way, as a share of it. Default 0.5. */
  readonly jitter?: number;
}

/**
 * The pause before attempt number `attempt` (from 0) to connect again, in milliseconds: doubled each time, and spread so that
 * those who were cut off together do not come back together.
 * @param random uniform in [0, 1)
 */
export function reconnectionDelayMs(attempt: number, options: ReconnectionOptions, random: number): number {
  const { delayMs = 1_000, maxDelayMs = 5_000, jitter = 0.5 } = options;
  const withoutJitter = Math.min(maxDelayMs, delayMs * 2 ** Math.min(attempt, 30));
  return Math.round(withoutJitter * (1 + jitter * (2 * random - 1)));
}
