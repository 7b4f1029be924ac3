export type FaultName = 'roll' | 'crash' | 'restart-redis';

/** A scenario to be run. */
export interface PlannedRun {
  readonly name: string;
  /** In words. */
  readonly proves: string;
  /** All of its variables. */
  readonly size: Readonly<Record<string, number>>;
  /** Those of them that are not at their defaults. */
  readonly given: Readonly<Record<string, number>>;
}

export interface RunRequest {
  readonly kind: 'run';
  readonly runs: readonly PlannedRun[];
  /** The address of a given cluster; undefined where one is to be started. */
  readonly target: string | undefined;
  readonly jwtSecret: string | undefined;
  /** Absolute. */
  readonly tokenFile: string | undefined;
  readonly runName: string | undefined;
  readonly nodes: number;
  readonly driver: 'lanes' | 'streams' | 'sharded-pubsub' | undefined;
  /** Shell commands that do something to a given cluster. */
  readonly commands: Readonly<Partial<Record<FaultName, string>>>;
  /** A folder, absolute. */
  readonly out: string;
}

export interface HelpRequest {
  readonly kind: 'help';
  readonly scenario: string | undefined;
}

/** A scenario to be written down, for several k6 to share. */
export interface ArchiveRequest {
  readonly kind: 'archive';
  readonly run: PlannedRun;
  readonly instances: number;
  /** Absolute. Its tokens become part of the archive. */
  readonly tokenFile: string | undefined;
  /** Absolute. */
  readonly file: string;
}

export type Request = HelpRequest | RunRequest | ArchiveRequest;

/** What is wrong with what was asked for, one line each. */
export class UsageError extends Error {
  readonly exitCode: 64;
}

export function helpFor(scenario: string | undefined): string;

/** Throws a UsageError, naming every fault at once. */
export function parseOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
  defaultOut: string,
): Request;
