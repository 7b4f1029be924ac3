/**
 * A ramp of connections: members come at an even pace until all are there, and go at an even pace at the end. Each speaks now
 * and then, and checks what it hears for as long as it is there.
 */
import { crowdOptions, live, planRun, timeAt, type Run } from '../members/crowd.ts';
import { about, speak } from '../members/speak.ts';
import { untilTime } from '../members/time.ts';
import { correctness, promptly, undisturbed } from '../metrics.ts';
import { sizeOf } from '../settings.ts';

export { handleSummary } from '../summary.ts';

const size = sizeOf('ramp');

export const options = crowdOptions('ramp', size, {
  ...correctness(size.MEMBERS),
  ...undisturbed,
  ...promptly(size.P95_MS),
  sluice_connect_ms: [`p(95)<${size.P95_MS}`],
});

export function setup(): Run {
  return planRun('ramp', size);
}

export default function ramp(run: Run): Promise<void> {
  return live(run, size, async (id, open) => {
    const place = (id - 1) / size.MEMBERS;
    await untilTime(timeAt(run, place * size.UP));
    const member = await open();
    const room = `${run.name}-${id % size.ROOMS}`;
    await member.join(room);
    // First come, first gone.
    const goesAt = timeAt(run, 1 - (1 - place) * size.DOWN);
    await speak(member, () => room, { pauseMs: about(size.EVERY_MS), untilMs: goesAt });
    await untilTime(goesAt);
    await member.finish();
  });
}
