import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { backoffMs, type Clock, type Lifecycle } from '@sluice/kernel';
import type { OrphanWatcher } from './orphan-watcher.ts';

export interface ProcessCommand {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** How long it may take to end after SIGTERM. */
  readonly graceMs: number;
}

/** Tells what became of a process. */
export interface ProcessObserver {
  wrote(name: string, line: string): void;
  started(name: string, pid: number): void;
  /** It ended without being asked to. Returns false where starting it again is pointless. */
  died(name: string, how: ProcessEnd, restartInMs: number): boolean;
}

export interface ProcessEnd {
  readonly pid: number | undefined;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProcessSurroundings {
  readonly clock: Clock;
  readonly watcher: OrphanWatcher;
  readonly observer: ProcessObserver;
}

const restart = { baseMs: 200, capMs: 5_000 };
/** Whoever ran this long was well: its next restart is quick again. */
const wellAfterMs = 10_000;

/** A process that is started again, after a growing delay, for as long as nobody asked it to stop. */
export class SupervisedProcess implements Lifecycle {
  readonly name: string;
  readonly #command: ProcessCommand;
  readonly #around: ProcessSurroundings;
  #child: ChildProcess | undefined;
  #attempt = 0;
  #wanted = false;
  #cancelRestart: () => void = () => undefined;

  constructor(command: ProcessCommand, surroundings: ProcessSurroundings) {
    this.name = command.name;
    this.#command = command;
    this.#around = surroundings;
  }

  /** Of the process that runs now. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves as soon as it runs; whether it is ready is another question. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#wanted) return;
    this.#wanted = true;
    this.#spawn();
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#wanted = false;
    this.#cancelRestart();
    const child = this.#child;
    if (child?.pid === undefined) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const graceMs = Math.min(deadlineMs, this.#command.graceMs);
    const cancelForce = this.#around.clock.schedule(graceMs, () => signalGroup(child, 'SIGKILL'));
    child.kill('SIGTERM');
    await ended;
    cancelForce();
  }

  #spawn(): void {
    const { name, command, args, env } = this.#command;
    const { clock, observer, watcher } = this.#around;
    const startedAt = clock.now();
    // A group of its own: Ctrl-C reaches the supervisor alone, which then stops its processes in order.
    const child = spawn(command, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => observer.wrote(name, line));
    }
    child.once('error', (error) => {
      observer.wrote(name, error.message);
      // A command that cannot be run has no exit event.
      if (child.pid === undefined) this.#ended({ pid: undefined, code: null, signal: null }, startedAt);
    });
    const { pid } = child;
    if (pid === undefined) return;
    watcher.watch(pid);
    observer.started(name, pid);
    child.once('exit', (code, signal) => {
      watcher.forget(pid);
      this.#ended({ pid, code, signal }, startedAt);
    });
  }

  #ended(end: ProcessEnd, startedAt: number): void {
    this.#child = undefined;
    if (!this.#wanted) return;
    const { clock, observer } = this.#around;
    if (clock.now() - startedAt >= wellAfterMs) this.#attempt = 0;
    const delayMs = backoffMs(this.#attempt++, restart);
    if (!observer.died(this.name, end, delayMs)) return;
    this.#cancelRestart = clock.schedule(delayMs, () => this.#spawn());
  }
}

function signalGroup(leader: ChildProcess, signal: NodeJS.Signals): void {
  if (leader.pid === undefined || leader.exitCode !== null || leader.signalCode !== null) return;
  process.kill(-leader.pid, signal);
}
