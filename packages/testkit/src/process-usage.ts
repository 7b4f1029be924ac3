import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessUsage {
  /** User and system time of all its threads since it began. */
  readonly cpuMs: number;
  /** Resident memory. */
  readonly rssBytes: number;
}

/** What a process has used so far, as the kernel accounts for it (proc(5)). Throws where there is no such process. */
export function readUsage(pid: number): ProcessUsage {
  return {
    cpuMs: readSchedulerMs(pid) ?? parseCpuMs(readFileSync(`/proc/${pid}/stat`, 'utf8')),
    rssBytes: parseRssBytes(readFileSync(`/proc/${pid}/status`, 'utf8')),
  };
}

/** Of all of them together. */
export function sumUsage(usages: readonly ProcessUsage[]): ProcessUsage {
  return {
    cpuMs: usages.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    rssBytes: usages.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
  };
}

/**
 * The scheduler's own account of all threads, in nanoseconds: `stat` has the same in hundredths of a second, too coarse for
 * what Redis does in a window. Undefined where the kernel keeps none.
 */
function readSchedulerMs(pid: number): number | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const onCpuNs = threads.map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    );
    return onCpuNs.reduce((sum, ns) => sum + ns, 0) / 1e6;
  } catch {
    return undefined;
  }
}

// USER_HZ: what /proc counts in, on every architecture that Node runs on.
const ticksPerSecond = 100;
const utimeField = 11;

/** User and system time of /proc/<pid>/stat. */
export function parseCpuMs(stat: string): number {
  // The second field is the program's name, in parentheses, and may contain anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[utimeField]) + Number(fields[utimeField + 1])) * 1_000) / ticksPerSecond;
}

export function parseRssBytes(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
}
