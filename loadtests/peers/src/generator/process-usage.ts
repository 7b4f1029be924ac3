import { readFileSync } from 'node:fs';

export interface ProcessUsage {
  /** User and system time of all its threads since it began. */
  readonly cpuMs: number;
  /** Resident memory. */
  readonly rssBytes: number;
}

// USER_HZ: what /proc counts in, on every architecture that Node runs on.
const ticksPerSecond = 100;
const utimeField = 11;

/** What a process has used so far, as the kernel accounts for it (proc(5)). Throws where there is no such process. */
export function readUsage(pid: number): ProcessUsage {
  return {
    cpuMs: parseCpuMs(readFileSync(`/proc/${pid}/stat`, 'utf8')),
    rssBytes: parseRssBytes(readFileSync(`/proc/${pid}/status`, 'utf8')),
  };
}

export function parseCpuMs(stat: string): number {
  // The second field is the program's name, in parentheses, and may contain anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[utimeField]) + Number(fields[utimeField + 1])) * 1_000) / ticksPerSecond;
}

export function parseRssBytes(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
}
