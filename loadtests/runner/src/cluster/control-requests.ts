/** What a scenario may ask to be done to the cluster, and what it has to say about it. For k6 too: types alone. */
export interface ControlRequests {
  /** Restarts the gateways one after the other, as a deploy does. */
  readonly roll: object;
  /** Kills one gateway with SIGKILL, and starts it again after a while. */
  readonly crash: { readonly downMs: number };
  /** The same with Redis. */
  readonly 'restart-redis': { readonly downMs: number };
  /** Lets whoever connects at `address` read so many bytes a second; 0: as fast as they like. */
  readonly slow: { readonly bytesPerSecond: number };
}

export type ControlName = keyof ControlRequests;

export interface ControlAnswer {
  /** Of `slow`: where to connect. */
  readonly address?: string;
}
