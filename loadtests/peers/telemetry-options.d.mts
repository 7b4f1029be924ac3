/** What is compared with `off`. */
export type SettingName = 'off-again' | 'metrics' | '1%' | '100%';

export interface TelemetryOptions {
  readonly quick: boolean;
  readonly settings: readonly SettingName[];
  readonly nodes: number;
  readonly rounds: number;
  readonly warmupMs: number;
  readonly measureMs: number;
  /** Of both clusters together. */
  readonly ratePerS: number;
  /** Of each cluster. */
  readonly clients: number;
  readonly roomSize: number;
  /** Absolute. */
  readonly profileFolder: string | undefined;
  readonly check: boolean;
  /** Absolute. */
  readonly out: string;
}

export interface TelemetryRun {
  readonly kind: 'run';
  readonly options: TelemetryOptions;
}

export type TelemetryRequest = { readonly kind: 'help' } | TelemetryRun;

export const usage: string;

/** Throws a UsageError, naming every fault at once. */
export function parseTelemetryOptions(
  args: readonly string[],
  folder: string,
  defaultOut: string,
): TelemetryRequest;
