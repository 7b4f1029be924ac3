const checkEveryMs = 500;

/**
 * Ends the process `pid`, and this one, where this is a jest worker whose parent dies: such a worker would run its file to
 * the end for nobody, and keep its servers and browsers until then. Returns how to stop watching.
 */
export function guard(pid?: number): () => void {
  // Only a worker has a channel to its parent; anything else may well outlive the shell it came from.
  if (process.send === undefined) return () => undefined;
  const parent = process.ppid;
  const timer = setInterval(() => {
    // Jest hands its tests a copy of `process`, whose ppid stays what it was: ask for the process itself.
    if (isAlive(parent)) return;
    clearInterval(timer);
    if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGKILL');
    // Jest's copy has an exit() that does not end the process.
    process.kill(process.pid, 'SIGKILL');
  }, checkEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Whether a process with this id exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
