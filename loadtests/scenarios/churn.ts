/**
 * Comings and goings: some members stay in their room and speak; the others join one room after the other, stay for a moment,
 * and must have heard all that was said from the answer to their join until they left, and nothing after.
 */
import { crowdOptions, live, planRun, untilStart, type Run } from '../members/crowd.ts';
import type { Member } from '../members/member.ts';
import { about, speak } from '../members/speak.ts';
import { pause } from '../members/time.ts';
import { enterRoom } from '../members/visitor.ts';
import { correctness, promptly, undisturbed } from '../metrics.ts';
import { sizeOf } from '../settings.ts';

export { handleSummary } from '../summary.ts';

const size = sizeOf('churn');

export const options = crowdOptions('churn', size, {
  ...correctness(size.MEMBERS),
  ...undisturbed,
  ...promptly(size.P95_MS),
  // Else nobody came or went, and nothing was proved.
  sluice_joined: [`count>${size.MEMBERS}`],
});

export function setup(): Run {
  return planRun('churn', size);
}

export default function churn(run: Run): Promise<void> {
  return live(run, size, async (id, open) => {
    if (id <= size.SPEAKERS) {
      const { member, room } = await enterRoom(run, id, size.ROOMS, open);
      await speak(member, () => room, { pauseMs: about(size.EVERY_MS), untilMs: run.endsAt });
      await member.finish();
      return;
    }
    const member = await open();
    await untilStart(run);
    await comeAndGo(run, member, id);
    await member.finish();
  });
}

async function comeAndGo(run: Run, member: Member, id: number): Promise<void> {
  const stayMs = about(size.STAY_MS);
  for (let visit = 0; Date.now() < run.endsAt; visit++) {
    const room = `${run.name}-${(id + visit) % size.ROOMS}`;
    await member.join(room);
    await speak(member, () => room, { pauseMs: about(size.EVERY_MS), untilMs: Date.now() + stayMs() });
    await pause(size.EVERY_MS * Math.random());
    await member.leave(room);
  }
}
