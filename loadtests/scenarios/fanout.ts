/** Everybody is in one room; a few speak, and all hear it. */
import { crowdOptions, live, planRun, type Run } from '../members/crowd.ts';
import { about, speak } from '../members/speak.ts';
import { untilTime } from '../members/time.ts';
import { enterRoom } from '../members/visitor.ts';
import { correctness, promptly, undisturbed } from '../metrics.ts';
import { sizeOf } from '../settings.ts';

export { handleSummary } from '../summary.ts';

const size = sizeOf('fanout');

export const options = crowdOptions('fanout', size, {
  ...correctness(size.MEMBERS),
  ...undisturbed,
  ...promptly(size.P95_MS),
  // Else not everybody was there to hear it.
  sluice_heard: [`count>${size.MEMBERS * size.SPEAKERS}`],
});

export function setup(): Run {
  return planRun('fanout', size);
}

export default function fanout(run: Run): Promise<void> {
  return live(run, size, async (id, open) => {
    const { member, room } = await enterRoom(run, id, 1, open);
    if (id <= size.SPEAKERS)
      await speak(member, () => room, { pauseMs: about(size.EVERY_MS), untilMs: run.endsAt });
    await untilTime(run.endsAt);
    await member.finish();
  });
}
