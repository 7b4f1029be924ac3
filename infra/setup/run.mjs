import { spawn } from 'node:child_process';
import { inRepository } from './repository.mjs';
import { SetupError } from './setup-error.mjs';

/** Says on the terminal what setup is about to do. */
export function say(text) {
  console.log(`setup: ${text}`);
}

/**
 * Runs a command in the repository with its output on the terminal and nothing on stdin.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: Record<string, string>, orElse?: string }} [options] `orElse`: what to do where it fails
 */
export async function run(command, args, options = {}) {
  const child = spawn(command, args, {
    cwd: inRepository(),
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const outcome = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
  });
  if (outcome === undefined) return;
  const advice = options.orElse === undefined ? '' : `\n${options.orElse}`;
  throw new SetupError(`"${[command, ...args].join(' ')}" failed: ${outcome}${advice}`);
}

/** How to start the npm that started us; the one on PATH where something else did. */
export function npm(...args) {
  const cli = process.env['npm_execpath'];
  return cli?.endsWith('npm-cli.js') ? [process.execPath, [cli, ...args]] : ['npm', args];
}
