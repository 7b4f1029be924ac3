import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from '../results/statistics.ts';
import type { Crowd } from './crowd.ts';
import type { Pacer } from './pacer.ts';
import type { GeneratorPlan, SteadyWindow } from './plan.ts';
import { openUsageWindow } from './usage-window.ts';

/** What is said, heard and spent in the time that begins now, in which nobody comes or goes. */
export async function measureSteady(
  { traffic }: Crowd,
  pacer: Pacer,
  { pids, steadyMs }: { readonly pids: GeneratorPlan['pids']; readonly steadyMs: number },
): Promise<SteadyWindow> {
  const fromMs = performance.now();
  const { published, delivered } = traffic;
  const closeWindow = openUsageWindow(pids);
  await pause(steadyMs);
  const usage = closeWindow();
  const toMs = performance.now();
  return {
    windowMs: toMs - fromMs,
    published: traffic.published - published,
    delivered: traffic.delivered - delivered,
    latenessP99Ms: percentile(pacer.latenessMs(fromMs, toMs), 0.99),
    usage,
  };
}
