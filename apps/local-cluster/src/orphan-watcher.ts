import { spawn, type ChildProcess } from 'node:child_process';

// One line per event on stdin: "watch PID" or "forget PID". The end of stdin means that the supervisor is gone.
const script = `
trap '' INT TERM HUP
pids=' '
while read -r verb pid; do
  case $verb in
    watch) pids="$pids$pid " ;;
    forget) pids="\${pids%% $pid *} \${pids#* $pid }" ;;
  esac
done
for pid in $pids; do kill -s KILL -- "-$pid" 2>/dev/null; done
`;

/**
 * Kills the watched process groups when this process ends, even by SIGKILL, when it can do nothing itself. A shell holds
 * the other end of a pipe and is told the process ids; the kernel closes the pipe with whatever end this process meets.
 * Linux could do it with a parent-death signal per child (setpriv --pdeathsig), but macOS has no such thing, and it would
 * not reach the child that Redis forks to rewrite its append-only file.
 */
export class OrphanWatcher {
  readonly #pids = new Set<number>();
  #shell: ChildProcess | undefined;
  #stopped = false;

  start(): void {
    // A group of its own, or Ctrl-C would end it before the processes it watches.
    const shell = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    this.#shell = shell;
    // A write to a shell that was killed; its exit is what counts.
    shell.stdin.on('error', () => undefined);
    shell.once('error', (error) => {
      throw new Error('the shell that watches over the cluster cannot be started', { cause: error });
    });
    shell.once('exit', () => {
      if (!this.#stopped) this.start();
    });
    for (const pid of this.#pids) this.#tell(`watch ${pid}`);
  }

  /** @param pid The leader of a process group. */
  watch(pid: number): void {
    this.#pids.add(pid);
    this.#tell(`watch ${pid}`);
  }

  /** To be called as soon as it has ended: its id may be given to another process. */
  forget(pid: number): void {
    this.#pids.delete(pid);
    this.#tell(`forget ${pid}`);
  }

  /** Kills what is still watched. Resolves when the watcher itself has ended. */
  async stop(): Promise<void> {
    const shell = this.#shell;
    this.#stopped = true;
    if (shell === undefined || shell.exitCode !== null || shell.signalCode !== null) return;
    const ended = new Promise((resolve) => shell.once('exit', resolve));
    shell.stdin?.end();
    await ended;
  }

  #tell(line: string): void {
    this.#shell?.stdin?.write(`${line}\n`);
  }
}
