/**
 * Half a minute's look at a cluster: members of a few rooms send numbered texts and check what they hear of each other; some
 * lose their connection in the middle, and have to come back with nothing missing.
 *
 *   k6 run loadtests/scenarios/smoke.ts
 *   k6 run -e TARGET=http://localhost:3000 -e MEMBERS=20 -e ROOMS=4 -e SECONDS=20 -e EVERY_MS=250 -e CUT=0.25 -e P95_MS=1000 …
 */
import { crowdOptions, live, planRun, type Run } from '../members/crowd.ts';
import { about, speak } from '../members/speak.ts';
import { untilTime } from '../members/time.ts';
import { correctness } from '../metrics.ts';
import { count, share } from '../settings.ts';

export { handleSummary } from '../summary.ts';

const crowd = { members: count('MEMBERS', 20), membersPerVu: count('MEMBERS_PER_VU', 5) };
const rooms = count('ROOMS', 4);
const seconds = count('SECONDS', 20);
const everyMs = count('EVERY_MS', 250);
const gatherSeconds = count('GATHER_SECONDS', 4);
/** Which part of the members loses its connection, once. */
const cutMembers = Math.round(crowd.members * share('CUT', 0.25));
/** What 19 of 20 texts must be acknowledged and heard within. */
const p95Ms = count('P95_MS', 1_000);

export const options = crowdOptions({
  name: 'smoke',
  ...crowd,
  seconds: gatherSeconds + seconds,
  thresholds: {
    ...correctness(crowd.members),
    sluice_refused: ['count==0'],
    sluice_gaps: ['count==0'],
    sluice_fresh: ['count==0'],
    sluice_recovered: [`count>=${cutMembers}`],
    sluice_ack_ms: [`p(95)<${p95Ms}`],
    sluice_delivery_ms: [`p(95)<${p95Ms}`],
  },
});

export function setup(): Run {
  return planRun('smoke', gatherSeconds, seconds);
}

export default function smoke(run: Run): Promise<void> {
  return live(crowd, async (id, open) => {
    const member = await open();
    const room = `${run.name}-${id % rooms}`;
    await member.join(room);
    await untilTime(run.startsAt);
    const loseConnection = async (): Promise<void> => {
      if (id > cutMembers) return;
      await untilTime((run.startsAt + run.endsAt) / 2);
      await member.ready();
      member.cut();
    };
    await Promise.all([
      speak(member, room, { pauseMs: about(everyMs), untilMs: run.endsAt }),
      loseConnection(),
    ]);
    await member.finish();
  });
}
