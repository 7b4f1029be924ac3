import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from '../results/statistics.ts';
import { Crowd } from './crowd.ts';
import { measureSteady } from './measure-steady.ts';
import type { GeneratorLine, QuietPlan, QuietReport } from './plan.ts';
import { openUsageWindow } from './usage-window.ts';

/** After so long without a delivery a node has nothing left to do of what was said. */
const restMs = 500;

/**
 * One node has a handful of clients in rooms where next to nothing is said. Measures it while the others talk, and while they
 * do not; then lets some of its clients be away while the others talk, and come back one after the other while they do not,
 * so that nothing but that is measured.
 */
export async function keepQuiet(plan: QuietPlan, say: (line: GeneratorLine) => void): Promise<QuietReport> {
  const crowd = new Crowd({ ...plan, returnTo: 'same node' });
  say({ kind: 'phase', phase: 'connecting' });
  await crowd.connect();

  say({ kind: 'phase', phase: 'warming' });
  const quiet = crowd.speak(plan.quietSenders, plan.quietRatePerS);
  const busy = crowd.speak(plan.senders, plan.ratePerS);
  await crowd.delivered();
  await pause(plan.warmupMs);

  say({ kind: 'phase', phase: 'measuring' });
  const besideBusy = await measureSteady(crowd, busy, plan);
  busy.stop();
  await crowd.silent(restMs);
  const besideSilent = await measureSteady(crowd, quiet, plan);
  quiet.stop();

  const leaveAndReturn = async (): Promise<Pick<QuietReport, 'windowMs' | 'usage'>> => {
    crowd.reset(plan.leavers);
    const talk = crowd.speak(plan.senders, plan.ratePerS);
    for (const client of plan.quietSenders) crowd.say(client, performance.now());
    await pause(plan.awayMs);
    talk.stop();
    await crowd.silent(restMs);
    const fromMs = performance.now();
    const closeWindow = openUsageWindow(plan.pids);
    for (const client of plan.leavers) await crowd.comeBackNow(client);
    await pause(restMs);
    return { usage: closeWindow(), windowMs: performance.now() - fromMs };
  };
  await leaveAndReturn();
  const rehearsed = crowd.returns.count;
  const { published } = crowd.traffic;
  const measured = await leaveAndReturn();
  const saidMeanwhile = crowd.traffic.published - published;

  say({ kind: 'phase', phase: 'settling' });
  await crowd.settled();
  await crowd.close();
  const returns = crowd.returns.since(rehearsed);
  const tookMs = Float64Array.from(returns, (entry) => entry.tookMs).toSorted();
  return {
    besideBusy,
    besideSilent,
    ...measured,
    saidMeanwhile,
    returns: returns.length,
    begunAnew: returns.filter(({ recovered }) => !recovered).length,
    backMs: { p50: percentile(tookMs, 0.5), max: percentile(tookMs, 1) },
    verdict: crowd.traffic.verdict(),
    falselyRecovered: crowd.returns.falselyRecovered(crowd.traffic.missedBy()),
    failures: crowd.failures.length,
    firstFailure: crowd.failures[0]?.message,
  };
}
