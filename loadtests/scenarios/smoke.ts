/**
 * Half a minute's look at a cluster: members of a few rooms send numbered texts and check what they hear of each other; some
 * lose their connection in the middle, and have to come back with nothing missing.
 */
import { crowdOptions, live, planRun, timeAt, type Run } from '../members/crowd.ts';
import { about, speak } from '../members/speak.ts';
import { untilTime } from '../members/time.ts';
import { enterRoom } from '../members/visitor.ts';
import { correctness, nothingBegunAnew, promptly, recovered } from '../metrics.ts';
import { sizeOf } from '../settings.ts';

export { handleSummary } from '../summary.ts';

const size = sizeOf('smoke');
const cutMembers = Math.round(size.MEMBERS * size.CUT);

export const options = crowdOptions('smoke', size, {
  ...correctness(size.MEMBERS),
  ...nothingBegunAnew,
  ...recovered(cutMembers, '=='),
  ...promptly(size.P95_MS),
  sluice_refused: ['count==0'],
  sluice_unanswered: ['count==0'],
});

export function setup(): Run {
  return planRun('smoke', size);
}

export default function smoke(run: Run): Promise<void> {
  return live(run, size, async (id, open) => {
    const { member, room } = await enterRoom(run, id, size.ROOMS, open);
    const loseConnection = async (): Promise<void> => {
      if (id > cutMembers) return;
      await untilTime(timeAt(run, 1 / 2));
      await member.ready();
      member.cut();
    };
    await Promise.all([
      speak(member, () => room, { pauseMs: about(size.EVERY_MS), untilMs: run.endsAt }),
      loseConnection(),
    ]);
    await member.finish();
  });
}
