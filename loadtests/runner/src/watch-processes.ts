import { readUsage } from '@sluice/testkit';
import type { WatchedProcess } from './cluster/cluster-under-test.ts';

/** What a process used at a moment. */
export interface UsageSample {
  readonly timeMs: number;
  readonly name: string;
  /** Of one core, since the sample before. */
  readonly cpuPercent: number;
  readonly rssMb: number;
}

export interface ProcessWatch {
  readonly samples: readonly UsageSample[];
  stop(): void;
}

const everyMs = 1_000;

/** Looks at the processes each second, where the system says what they use (Linux). */
export function watchProcesses(processes: () => readonly WatchedProcess[]): ProcessWatch {
  const samples: UsageSample[] = [];
  const before = new Map<string, { readonly pid: number; readonly timeMs: number; readonly cpuMs: number }>();
  const look = (): void => {
    for (const { name, pid } of processes()) {
      const usage = usageOf(pid);
      const last = before.get(name);
      before.delete(name);
      // Gone, or on its way: a restarted one is measured from its first sample on.
      if (usage === undefined) continue;
      const timeMs = Date.now();
      before.set(name, { pid, timeMs, cpuMs: usage.cpuMs });
      if (last?.pid !== pid) continue;
      const cpuPercent = ((usage.cpuMs - last.cpuMs) / (timeMs - last.timeMs)) * 100;
      samples.push({ timeMs, name, cpuPercent, rssMb: usage.rssBytes / 1_048_576 });
    }
  };
  const timer = setInterval(look, everyMs);
  look();
  return {
    samples,
    stop: () => clearInterval(timer),
  };
}

function usageOf(pid: number): ReturnType<typeof readUsage> | undefined {
  try {
    return readUsage(pid);
  } catch {
    return undefined;
  }
}
