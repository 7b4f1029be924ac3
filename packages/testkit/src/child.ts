import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { testkitError } from './errors.ts';
import { within } from './eventually.ts';
import { Journal } from './journal.ts';
import { guard } from './orphan-guard.ts';
import { findProgram } from './repository.ts';
import type { Scope } from './scope.ts';

export interface ChildOptions {
  /** How errors call it. */
  readonly name: string;
  readonly command: string;
  readonly args?: readonly string[];
  /** The whole environment but for PATH and HOME: nothing of the developer's own leaks into a test. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** How long a SIGTERM may take at the scope's end before SIGKILL follows. Default 5,000. */
  readonly graceMs?: number;
}

export interface OutputLine {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Child {
  readonly pid: number;
  readonly output: Journal<OutputLine>;
  /** Resolves when it has ended and its output has been read to the end. */
  readonly exited: Promise<ChildExit>;
  readonly running: boolean;
  /** Sends a signal, if it still runs. */
  signal(signal: NodeJS.Signals): void;
  /** Sends SIGTERM, and SIGKILL after the grace period; resolves when it has ended. */
  end(): Promise<ChildExit>;
  /** The last lines of its output, for error messages. */
  tail(lines?: number): string;
}

// Longer than a busy machine leaves unread what a process said in the end.
const lastWordsMs = 5_000;

/**
 * Starts a process that ends with `scope`, and (on Linux) with the process that started it, however that one ends: the
 * kernel sends SIGKILL to the child when its parent dies.
 */
export async function spawnChild(scope: Scope, options: ChildOptions): Promise<Child> {
  const { PATH = '', HOME = '' } = process.env;
  const setpriv = process.platform === 'linux' ? findProgram('setpriv') : undefined;
  const args = [...(options.args ?? [])];
  const [command, commandArgs] =
    setpriv === undefined
      ? [options.command, args]
      : [setpriv, ['--pdeathsig', 'KILL', '--', options.command, ...args]];
  const child = spawn(command, commandArgs, {
    env: { PATH, HOME, ...options.env },
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    // In a group of its own: Ctrl-C at a terminal is for whoever started it, who ends it in order. Only where it dies with
    // that one in any case.
    detached: setpriv !== undefined,
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const pid = child.pid as number;
  const unguard = guard(pid);
  const output = new Journal<OutputLine>();
  for (const stream of ['stdout', 'stderr'] as const) {
    createInterface({ input: child[stream] }).on('line', (text) => output.add({ stream, text }));
  }
  const ended = new Promise<ChildExit>((resolve) => {
    child.once('exit', (code, signal) => {
      unguard();
      resolve({ code, signal });
    });
  });
  const closed = new Promise<void>((resolve) => {
    child.once('close', resolve);
  });
  // A grandchild that lives on may hold the pipes open: what it has to say is not waited for.
  const exited = ended.then(async (exit) => {
    await Promise.race([closed, pause(lastWordsMs, undefined, { ref: false })]);
    return exit;
  });
  const running = () => child.exitCode === null && child.signalCode === null;
  const handle: Child = {
    pid,
    output,
    exited,
    get running() {
      return running();
    },
    signal(signal) {
      if (running()) child.kill(signal);
    },
    async end() {
      handle.signal('SIGTERM');
      // A stopped process sees SIGTERM only once it continues.
      handle.signal('SIGCONT');
      try {
        return await within(exited, { timeoutMs: options.graceMs ?? 5_000 });
      } catch (error) {
        if (!testkitError.is(error, 'not_in_time')) throw error;
        handle.signal('SIGKILL');
        return await exited;
      }
    },
    tail(lines = 30) {
      const last = output.entries.slice(-lines).map((line) => `  ${line.text}`);
      return `last output of ${options.name} (pid ${pid}):\n${last.join('\n')}`;
    },
  };
  scope.onClose(() => handle.end());
  return handle;
}

/**
 * Waits for what `ready` waits for, and fails at once, with the child's last output, where the child ends before. The signal
 * tells `ready` to give up.
 */
export async function readyOrEnded<Result>(
  child: Child,
  name: string,
  ready: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const giveUp = new AbortController();
  const ended = child.exited.then(({ code, signal }): never => {
    const text = `${name} ended with ${signal ?? `code ${code}`} before it was ready; ${child.tail()}`;
    throw testkitError('child_ended', { text });
  });
  try {
    return await Promise.race([ready(giveUp.signal), ended]);
  } finally {
    giveUp.abort();
  }
}
