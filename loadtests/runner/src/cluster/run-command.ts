import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { within, type Scope } from '@sluice/testkit';
import { loadError } from '../errors.ts';

/** What a command may take once nobody waits for it any more: half done, it may leave a deployment without its Redis. */
const finishWithinMs = 120_000;

/**
 * Runs a shell command in the user's own environment, with its output on stderr; rejects with `not_done` where it fails. It is
 * not ended by Ctrl-C: where `scope` closes, that waits for it.
 * @param name how errors call it, which are shown where the command itself, and what it says, may not be
 */
export async function runCommand(
  scope: Scope,
  name: string,
  command: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const child = spawn('sh', ['-c', command], {
    env: { ...process.env, ...env },
    stdio: ['ignore', process.stderr, process.stderr],
    detached: true,
  });
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', ({ message }) => resolve(message));
    child.once('close', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
  });
  scope.onClose(async () => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    process.stderr.write(`waiting for ${name} to end\n`);
    try {
      await within(once(child, 'close'), { timeoutMs: finishWithinMs });
    } catch {
      process.stderr.write(`${name} did not end, and is killed\n`);
      process.kill(-child.pid, 'SIGKILL');
    }
  });
  const failure = await ended;
  if (failure !== undefined) throw loadError('not_done', { text: `${name} failed: ${failure}.` });
}
