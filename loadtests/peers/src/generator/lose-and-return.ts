import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from '../results/statistics.ts';
import { Crowd } from './crowd.ts';
import { measureSteady } from './measure-steady.ts';
import type { Cut, GeneratorLine, ReturnPlan, ReturnReport } from './plan.ts';
import { openUsageWindow } from './usage-window.ts';

/** What nodes put off, such as writing down who has left, belongs to the return that caused it. */
const afterwardsMs = 1_000;

/**
 * Connects everybody and lets them talk; then some lose their connections at once, while the others go on, and come back.
 * What that costs is what is spent until all are back, less what talking costs, which is measured before and after.
 */
export async function loseAndReturn(
  plan: ReturnPlan,
  say: (line: GeneratorLine) => void,
): Promise<ReturnReport> {
  const crowd = new Crowd({ ...plan, returnTo: 'next node' });
  say({ kind: 'phase', phase: 'connecting' });
  await crowd.connect();

  say({ kind: 'phase', phase: 'warming' });
  const pacer = crowd.speak(plan.senders, plan.ratePerS);
  await crowd.delivered();
  await pause(plan.warmupMs);
  crowd.reset(plan.rehearsal);
  crowd.comeBack(plan.rehearsal);
  await crowd.allBack();
  await pause(afterwardsMs);

  say({ kind: 'phase', phase: 'measuring' });
  const before = await measureSteady(crowd, pacer, plan);
  const rehearsed = crowd.returns.count;
  const closeWindow = openUsageWindow(plan.pids);
  const fromMs = performance.now();
  cutOff(crowd, plan.cut);
  await crowd.allBack();
  await pause(afterwardsMs);
  const usage = closeWindow();
  const windowMs = performance.now() - fromMs;
  const after = await measureSteady(crowd, pacer, plan);

  pacer.stop();
  say({ kind: 'phase', phase: 'settling' });
  await crowd.settled();
  await crowd.close();
  const returns = crowd.returns.since(rehearsed);
  const tookMs = Float64Array.from(returns, (entry) => entry.tookMs).toSorted();
  return {
    returns: returns.length,
    begunAnew: returns.filter(({ recovered }) => !recovered).length,
    stillAway: crowd.away,
    backMs: { p50: percentile(tookMs, 0.5), p99: percentile(tookMs, 0.99), max: percentile(tookMs, 1) },
    windowMs,
    usage,
    steady: [before, after],
    verdict: crowd.traffic.verdict(),
    falselyRecovered: crowd.returns.falselyRecovered(crowd.traffic.missedBy()),
    failures: crowd.failures.length,
    firstFailure: crowd.failures[0]?.message,
  };
}

function cutOff(crowd: Crowd, cut: Cut): void {
  switch (cut.kind) {
    case 'reset':
      crowd.reset(cut.clients);
      crowd.comeBack(cut.clients);
      break;
    case 'kill':
      crowd.kill(cut.node, cut.pid);
      break;
  }
}
