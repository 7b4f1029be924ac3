import { readUsage, type ProcessUsage } from '@sluice/testkit';
import type { GeneratorPlan, WindowUsage } from './plan.ts';

/** Begins a window now; the function returned ends it and says what the processes used meanwhile. */
export function openUsageWindow(pids: GeneratorPlan['pids']): () => WindowUsage {
  const all = [...pids.nodes, pids.redis, process.pid];
  const before = all.map(readUsage);
  return () => {
    const spent = all.map((pid, index): ProcessUsage => {
      const after = readUsage(pid);
      return { cpuMs: after.cpuMs - (before[index]?.cpuMs ?? 0), rssBytes: after.rssBytes };
    });
    const [redis, generator] = spent.slice(-2) as [ProcessUsage, ProcessUsage];
    return { nodes: spent.slice(0, -2), redis, generator };
  };
}
