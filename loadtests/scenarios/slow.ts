/**
 * Slow consumers: some members read so slowly that what is said piles up before them: first in the buffers of the kernels on the
 * way, some 10 MB for each, and then at the gateway. The others must not notice; and once the slow ones read as fast as they
 * can, they must hear all of it, once and in order.
 */
import { control } from '../members/control.ts';
import { crowdOptions, live, planRun, type Run } from '../members/crowd.ts';
import { about, speak } from '../members/speak.ts';
import { untilTime } from '../members/time.ts';
import { enterRoom } from '../members/visitor.ts';
import { correctness, nothingBegunAnew } from '../metrics.ts';
import { sizeOf } from '../settings.ts';

export { handleSummary } from '../summary.ts';

const size = sizeOf('slow');

export const options = crowdOptions(
  'slow',
  size,
  {
    ...correctness(size.MEMBERS),
    ...nothingBegunAnew,
    sluice_ack_ms: [`p(95)<${size.P95_MS}`],
    'sluice_delivery_ms{reader:fast}': [`p(95)<${size.P95_MS}`],
    // Else nobody was slow, and nothing was proved.
    'sluice_delivery_ms{reader:slow}': [`max>${3 * size.P95_MS}`],
  },
  { moreSeconds: size.CATCH_UP_SECONDS + 60 },
);

export function setup(): Run {
  return planRun('slow', size);
}

export default function slow(run: Run): Promise<void> {
  return live(run, size, async (id, open) => {
    if (id > size.SLOW) {
      const { member, room } = await enterRoom(run, id, size.ROOMS, open, {
        tagsAt: () => ({ reader: 'fast' }),
      });
      const length = (): number => size.TEXT_LENGTH;
      await speak(member, () => room, { pauseMs: about(size.EVERY_MS), untilMs: run.endsAt, length });
      await member.finish();
      return;
    }
    const { address } = await control('slow', { bytesPerSecond: size.BYTES_PER_SECOND });
    const { member } = await enterRoom(run, id, size.ROOMS, open, {
      ...(address === undefined ? {} : { address }),
      tagsAt: () => ({ reader: 'slow' }),
      deadlineMs: size.CATCH_UP_SECONDS * 1_000,
    });
    await untilTime(run.endsAt);
    await control('slow', { bytesPerSecond: 0 });
    await member.finish();
  });
}
