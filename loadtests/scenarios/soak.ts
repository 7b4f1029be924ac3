/**
 * A long run: members talk, lose their connections now and then, and compare with the history in between. What the processes
 * held early and late is in the report.
 */
import { crowdOptions, live, planRun, type Run } from '../members/crowd.ts';
import { about, speak, thinking } from '../members/speak.ts';
import { pause } from '../members/time.ts';
import { enterRoom } from '../members/visitor.ts';
import { correctness, nothingBegunAnew, promptly, recovered } from '../metrics.ts';
import { sizeOf } from '../settings.ts';

export { handleSummary } from '../summary.ts';

const size = sizeOf('soak');

export const options = crowdOptions('soak', size, {
  ...correctness(size.MEMBERS),
  ...nothingBegunAnew,
  ...promptly(size.P95_MS),
  // Else nobody lost a connection, and half of it was not proved.
  ...recovered(1),
});

export function setup(): Run {
  return planRun('soak', size);
}

export default function soak(run: Run): Promise<void> {
  return live(run, size, async (id, open) => {
    const { member, room } = await enterRoom(run, id, size.ROOMS, open);
    const again = async (pauseMs: () => number, act: () => Promise<void> | void): Promise<void> => {
      for (;;) {
        const beforeMs = pauseMs();
        if (Date.now() + beforeMs >= run.endsAt) return;
        await pause(beforeMs);
        await member.ready();
        await act();
      }
    };
    await Promise.all([
      speak(member, () => room, { pauseMs: about(size.EVERY_MS), untilMs: run.endsAt }),
      again(thinking(size.CUT_EVERY_SECONDS * 1_000), () => member.cut()),
      again(about(size.CHECK_EVERY_SECONDS * 1_000), () => member.membership(room).settle()),
    ]);
    await member.finish();
  });
}
