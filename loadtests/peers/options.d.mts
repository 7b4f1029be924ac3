export type PeerName = 'floor' | 'lanes' | 'sharded-pubsub' | 'streams';
export type WorkName = 'rooms';

export interface BenchOptions {
  readonly quick: boolean;
  readonly peers: readonly PeerName[];
  readonly works: readonly WorkName[];
  readonly nodes: readonly number[];
  readonly rounds: number;
  readonly warmupMs: number;
  readonly measureMs: number;
  readonly ratePerS: number;
  readonly clients: number;
  readonly roomSize: number;
  readonly nodeFlags: readonly string[];
  readonly aof: boolean;
  /** Absolute. */
  readonly profileFolder: string | undefined;
  /** Absolute. */
  readonly out: string;
}

export type Request = { readonly kind: 'help' } | { readonly kind: 'run'; readonly options: BenchOptions };

export const usage: string;

export class UsageError extends Error {
  readonly exitCode: number;
}

/** Throws {@link UsageError}, naming every fault at once. */
export function parseOptions(args: readonly string[], folder: string, defaultOut: string): Request;
