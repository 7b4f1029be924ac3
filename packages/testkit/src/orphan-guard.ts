const checkEveryMs = 500;

/**
 * Ends process `pid` where this process is a jest worker whose parent dies: such a worker would finish its file first, and
 * keep its servers until then. Returns how to stop watching.
 */
export function guard(pid: number): () => void {
  // Only a worker has a channel to its parent; anything else may well outlive the shell it came from.
  if (process.send === undefined) return () => undefined;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }, checkEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}
