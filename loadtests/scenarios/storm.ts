/**
 * A reconnect storm: at one moment most of all connections are lost, while those who stay go on talking. Everybody has to come
 * back as who it was, and hear what it missed, once and in order.
 */
import { crowdOptions, live, planRun, timeAt, type Run } from '../members/crowd.ts';
import { about, speak } from '../members/speak.ts';
import { untilTime } from '../members/time.ts';
import { enterRoom } from '../members/visitor.ts';
import { correctness, nothingBegunAnew, recovered } from '../metrics.ts';
import { sizeOf } from '../settings.ts';

export { handleSummary } from '../summary.ts';

const size = sizeOf('storm');
const cutMembers = Math.round(size.MEMBERS * size.CUT);

export const options = crowdOptions('storm', size, {
  ...correctness(size.MEMBERS),
  ...nothingBegunAnew,
  ...recovered(cutMembers * size.STORMS, '=='),
  // Else nobody missed anything, and nothing was proved.
  sluice_replayed: ['count>0'],
  sluice_return_ms: [`p(95)<${size.P95_MS}`],
  // Those included that were under way when the storm came.
  sluice_ack_ms: [`p(95)<${size.P95_MS}`],
});

export function setup(): Run {
  return planRun('storm', size);
}

export default function storm(run: Run): Promise<void> {
  return live(run, size, async (id, open) => {
    // Those who stay have the highest ids, and so are in every room.
    const { member, room } = await enterRoom(run, id, size.ROOMS, open);
    const loseConnections = async (): Promise<void> => {
      const times = id <= cutMembers ? size.STORMS : 0;
      for (let number = 1; number <= times; number++) {
        await untilTime(timeAt(run, number / (size.STORMS + 1)));
        await member.ready();
        member.cut();
      }
    };
    await Promise.all([
      speak(member, () => room, { pauseMs: about(size.EVERY_MS), untilMs: run.endsAt }),
      loseConnections(),
    ]);
    await member.finish();
  });
}
