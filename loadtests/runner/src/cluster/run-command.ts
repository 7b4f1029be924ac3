import { spawn } from 'node:child_process';
import type { Scope } from '@sluice/testkit';
import { loadError } from '../errors.ts';

const keptBytes = 2_000;

/** Runs a shell command in the user's own environment; rejects with `not_done` and its last words where it fails. */
export async function runCommand(
  scope: Scope,
  command: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const child = spawn('sh', ['-c', command], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  scope.onClose(() => child.kill());
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-keptBytes);
    });
  }
  const failure = await new Promise<string | undefined>((resolve) => {
    child.once('error', ({ message }) => resolve(message));
    child.once('close', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
  });
  if (failure !== undefined)
    throw loadError('not_done', { text: `"${command}": ${failure}. ${said.trim()}` });
}
