export type DriverName = 'lanes' | 'sharded-pubsub' | 'streams';
export type PeerName = 'floor' | DriverName | 'centrifugo';
export type WorkName =
  'rooms' | 'fanout' | 'flat' | 'idle' | 'storm' | 'crash' | 'quiet' | 'ready' | 'gateway';

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
  readonly fanoutRatePerS: number;
  readonly socketsPerNode: number;
  readonly connections: number;
  readonly idleMs: number;
  readonly returnNodes: number;
  readonly returnClients: number;
  readonly returnRatePerS: number;
  readonly awayMs: number;
  /** Absolute: Centrifugo's program; undefined where it is not a peer. */
  readonly centrifugo: string | undefined;
  /** Which peer was not measured though nobody said so, and why, in a sentence. */
  readonly leftOut: string | undefined;
  readonly nodeFlags: readonly string[];
  readonly aof: boolean;
  /** Absolute. */
  readonly profileFolder: string | undefined;
  /** Absolute. */
  readonly out: string;
}

export interface RunRequest {
  readonly kind: 'run';
  readonly options: BenchOptions;
  readonly pages: Pages;
}

export interface ShowRequest {
  readonly kind: 'show';
  /** Absolute. */
  readonly from: string;
  readonly pages: Pages;
}

/** What is written of the results beside the table, and where. Absolute. */
export interface Pages {
  readonly chart: string | undefined;
  readonly markdown: string | undefined;
}

export type Request = { readonly kind: 'help' } | RunRequest | ShowRequest;

export const usage: string;

/** Throws a UsageError, naming every fault at once. */
export function parseOptions(
  args: readonly string[],
  folder: string,
  defaultOut: string,
  /** The path of Centrifugo's program. */
  centrifugo?: string,
): Request;
