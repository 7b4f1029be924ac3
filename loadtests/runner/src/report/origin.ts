import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { repositoryPath } from '@sluice/testkit';
import type { RunResult } from '../run-result.ts';

/** When, where and with what a run was made, and how to make it again; a line each. */
export function describeOrigin({ command, cluster, startedAt }: RunResult): string[] {
  const processors = cpus();
  return [
    `${new Date(startedAt).toISOString()}, against ${cluster}`,
    `${processors.length} cores of ${processors[0]?.model ?? 'unknown make'}, Node ${process.version.slice(1)}, commit ${commit()}`,
    command,
  ];
}

function commit(): string {
  try {
    const changed = git('status', '--porcelain', 'packages', 'apps', 'loadtests') !== '';
    return `${git('rev-parse', '--short', 'HEAD')}${changed ? ' and changes since' : ''}`;
  } catch {
    return 'unknown (no git checkout)';
  }
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: repositoryPath('.'), encoding: 'utf8', stdio: 'pipe' }).trim();
}
