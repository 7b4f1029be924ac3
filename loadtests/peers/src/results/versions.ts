import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { repositoryPath, requireProgram } from '@sluice/testkit';

export interface Versions {
  readonly node: string;
  readonly redis: string;
  /** Undefined where it was not measured. */
  readonly centrifugo?: string | undefined;
  readonly packages: Readonly<Record<string, string>>;
  /** Undefined outside a git checkout. */
  readonly commit: string | undefined;
  /** True where what was measured is not what is committed. */
  readonly changedSince: boolean;
}

const packages = [
  'socket.io',
  'engine.io',
  'ws',
  'redis',
  '@socket.io/redis-adapter',
  '@socket.io/redis-streams-adapter',
  'prom-client',
  '@opentelemetry/sdk-trace',
];

/** @param centrifugo the path of its program */
export function describeVersions(centrifugo?: string): Versions {
  const commit = output('git', ['rev-parse', 'HEAD']);
  return {
    node: process.version,
    redis: /v=(\S+)/.exec(output(requireProgram('redis-server'), ['--version']) ?? '')?.[1] ?? 'unknown',
    centrifugo: centrifugo === undefined ? undefined : versionOfCentrifugo(centrifugo),
    packages: Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
    commit,
    changedSince: output('git', ['status', '--porcelain', 'packages', 'apps', 'loadtests']) !== '',
  };
}

function versionOfCentrifugo(program: string): string {
  return /v(\d\S*)/.exec(output(program, ['version']) ?? '')?.[1] ?? 'unknown';
}

function versionOf(name: string): string {
  const manifest = readFileSync(repositoryPath(`node_modules/${name}/package.json`), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

function output(command: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(command, args, { cwd: repositoryPath('.'), encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined;
  }
}
