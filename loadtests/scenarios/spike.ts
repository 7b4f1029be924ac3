/**
 * A spike: to members who talk calmly, many times as many come at once, talk at once, and go again. Nothing may be lost, and a
 * little after they have gone everything must be as quick as before.
 */
import { crowdOptions, live, planRun, timeAt, type Run } from '../members/crowd.ts';
import { about, speak } from '../members/speak.ts';
import { untilTime } from '../members/time.ts';
import { enterRoom } from '../members/visitor.ts';
import { correctness, nothingBegunAnew } from '../metrics.ts';
import { instances, sizeOf } from '../settings.ts';

export { handleSummary } from '../summary.ts';

const size = sizeOf('spike');
const crowd = { ...size, MEMBERS: size.MEMBERS + size.SPIKE_MEMBERS };
const comparesOneIn = 10;
const quick = [`p(95)<${size.P95_MS}`];

export const options = crowdOptions('spike', crowd, {
  ...correctness(crowd.MEMBERS),
  ...nothingBegunAnew,
  'sluice_ack_ms{phase:before}': quick,
  'sluice_delivery_ms{phase:before}': quick,
  'sluice_ack_ms{phase:after}': quick,
  'sluice_delivery_ms{phase:after}': quick,
  // Nobody is sent away, and nobody who was there before loses a connection.
  sluice_recovered: ['count==0'],
  sluice_refused: ['count==0'],
  sluice_unanswered: ['count==0'],
  // Else there was no crowd to speak of, or nothing after it, and nothing was proved.
  'sluice_connect_ms{who:crowd}': [`p(95)<${size.SPIKE_SECONDS * 500}`],
  'sluice_sent{who:crowd}': [`count>=${size.SPIKE_MEMBERS / instances}`],
  'sluice_sent{phase:after}': ['count>0'],
});

export function setup(): Run {
  return planRun('spike', size);
}

export default function spike(run: Run): Promise<void> {
  const beginsAt = timeAt(run, 1 / 3);
  const leavesAt = beginsAt + size.SPIKE_SECONDS * 1_000;
  return live(run, crowd, async (id, open) => {
    const isOfSpike = id > size.MEMBERS;
    if (isOfSpike) await untilTime(beginsAt);
    const tagsAt = (timeMs: number): Record<string, string> => ({
      phase: phaseAt(timeMs, beginsAt, leavesAt),
      who: isOfSpike ? 'crowd' : 'before',
    });
    const { member, room } = await enterRoom(run, id, size.ROOMS, open, {
      tagsAt,
      // All of the crowd reading all of it, as it goes, would be another spike. Who does not still knows of holes, by the
      // senders' numbers.
      comparesHistory: !isOfSpike || id % comparesOneIn === 0,
    });
    await speak(member, () => room, {
      pauseMs: about(isOfSpike ? size.SPIKE_EVERY_MS : size.EVERY_MS),
      untilMs: isOfSpike ? leavesAt : run.endsAt,
    });
    await member.finish();
  });
}

function phaseAt(timeMs: number, beginsAt: number, leavesAt: number): string {
  if (timeMs < beginsAt) return 'before';
  if (timeMs < leavesAt) return 'spike';
  return timeMs < leavesAt + size.AFTER_SECONDS * 1_000 ? 'settling' : 'after';
}
