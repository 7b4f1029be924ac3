import type { ControlName, ControlRequests } from '../runner/src/cluster/control-requests.ts';
import { control } from './control.ts';
import { MemberError } from './errors.ts';
import { live, timeAt, type CrowdSize, type Run } from './crowd.ts';
import { about, speak } from './speak.ts';
import { untilTime } from './time.ts';
import { enterRoom } from './visitor.ts';

export interface ChatSize extends CrowdSize {
  readonly ROOMS: number;
  readonly EVERY_MS: number;
}

/** After which part of a run the cluster is given its fault: late enough for everybody to be at it, early enough to recover. */
const faultAfter = 1 / 6;

/** What is left is for everybody to come back, and to be heard again. */
const doneBefore = 0.9;

/** Members of a few rooms talk all the time, while something is done to the cluster, once. */
export async function chatThrough<What extends ControlName>(
  run: Run,
  size: ChatSize,
  what: What,
  how: ControlRequests[What],
): Promise<void> {
  await live(run, size, async (id, open) => {
    const { member, room } = await enterRoom(run, id, size.ROOMS, open);
    const doIt = async (): Promise<void> => {
      // Somebody has to, and only one.
      if (id !== 1) return;
      await untilTime(timeAt(run, faultAfter));
      await control(what, how);
      if (Date.now() > timeAt(run, doneBefore))
        throw new MemberError(
          'not_in_time',
          `${what} took until too late to see what comes of it: give the run more SECONDS.`,
        );
    };
    await Promise.all([
      speak(member, () => room, { pauseMs: about(size.EVERY_MS), untilMs: run.endsAt }),
      doIt(),
    ]);
    await member.finish();
  });
}
