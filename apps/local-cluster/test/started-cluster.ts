import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  eventually,
  freeBasePort,
  readyOrEnded,
  repositoryPath,
  requireProgram,
  spawnChild,
  type Child,
  type Scope,
} from '@sluice/testkit';

export interface StartedCluster {
  readonly child: Child;
  readonly port: number;
  readonly dataFolder: string;
  readonly url: string;
  /** What it printed, line by line. */
  lines(): string[];
  /** The process id last said of a process. */
  pidOf(process: string): number;
}

/** Runs what `npm start` runs, as a person would, with `args`. */
export async function runStart(
  scope: Scope,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Child> {
  return await spawnChild(scope, {
    name: 'npm start',
    command: process.execPath,
    args: [repositoryPath('apps/local-cluster/start.mjs'), ...args],
    env,
    graceMs: 20_000,
  });
}

/** Types `npm start` itself. */
export async function runNpmStart(scope: Scope, args: readonly string[]): Promise<Child> {
  return await spawnChild(scope, {
    name: 'npm start',
    command: requireProgram('npm'),
    args: ['start', '--', ...args],
    cwd: repositoryPath('.'),
    graceMs: 20_000,
  });
}

/** A folder of its own, removed at the scope's end. */
export function temporaryFolder(scope: Scope): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-start-'));
  scope.onClose(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface StartOptions {
  readonly args?: readonly string[];
  readonly port?: number;
  readonly dataFolder?: string;
  /** Default {@link runStart}. */
  readonly run?: (scope: Scope, args: readonly string[]) => Promise<Child>;
}

/** Starts a cluster on free ports and a data folder of its own; resolves when it says that it is ready. */
export async function startLocalCluster(scope: Scope, options: StartOptions = {}): Promise<StartedCluster> {
  const dataFolder = options.dataFolder ?? temporaryFolder(scope);
  const port = options.port ?? (await freeBasePort(scope, portOffsets));
  const args = ['--port', String(port), '--data', dataFolder, ...(options.args ?? [])];
  const child = await (options.run ?? runStart)(scope, args);
  const lines = (): string[] => child.output.entries.map((line) => line.text);
  // The last line of what it says once everything answers.
  await readyOrEnded(child, 'npm start', (signal) =>
    child.output.until(() => lines().includes('Ctrl-C stops everything.'), {
      signal,
      timeoutMs: 90_000,
      describe: () => `the cluster is ready; ${child.tail()}`,
    }),
  );
  return {
    child,
    port,
    dataFolder,
    url: `http://127.0.0.1:${port}`,
    lines,
    pidOf(process) {
      const pattern = new RegExp(`^( +${process} +|sluice +\\| ${process} runs again, )pid (\\d+)`);
      const pids = lines().flatMap((line) => pattern.exec(line)?.[2] ?? []);
      return Number(pids.at(-1));
    },
  };
}

/** Resolves when no process with this id is left. */
export async function untilGone(pid: number): Promise<void> {
  await eventually(() => !isAlive(pid), { describe: () => `process ${pid} is gone` });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What a cluster of three listens on, from the front's port on; 150 with --trace. */
export const portOffsets = [0, 1, 2, 3, 101, 102, 103, 150, 200];
