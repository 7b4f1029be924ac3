/**
 * A reconnect storm: at one moment most of all connections are lost, while those who stay go on talking. Everybody has to come
 * back as who it was, and hear what it missed, once and in order.
 *
 *   k6 run loadtests/scenarios/storm.ts
 *   k6 run -e TARGET=http://localhost:3000 -e MEMBERS=60 -e ROOMS=6 -e SECONDS=25 -e EVERY_MS=500 -e CUT=0.8 -e STORMS=1
 *     -e P95_MS=5000 …
 */
import { crowdOptions, live, planRun, type Run } from '../members/crowd.ts';
import { about, speak } from '../members/speak.ts';
import { untilTime } from '../members/time.ts';
import { correctness } from '../metrics.ts';
import { count, share } from '../settings.ts';

export { handleSummary } from '../summary.ts';

const crowd = { members: count('MEMBERS', 60), membersPerVu: count('MEMBERS_PER_VU', 10) };
const rooms = count('ROOMS', 6);
const seconds = count('SECONDS', 25);
const everyMs = count('EVERY_MS', 500);
const gatherSeconds = count('GATHER_SECONDS', 5);
/** Which part of the members loses its connection, each time. */
const cutMembers = Math.round(crowd.members * share('CUT', 0.8));
/** How often, at even distances. */
const storms = count('STORMS', 1);
/** What 19 of 20 must be back within, and 19 of 20 texts acknowledged, those under way when the storm came included. */
const p95Ms = count('P95_MS', 5_000);

export const options = crowdOptions({
  name: 'storm',
  ...crowd,
  seconds: gatherSeconds + seconds,
  thresholds: {
    ...correctness(crowd.members),
    sluice_gaps: ['count==0'],
    sluice_fresh: ['count==0'],
    sluice_recovered: [`count>=${cutMembers * storms}`],
    // Else nobody missed anything, and nothing was proved.
    sluice_replayed: ['count>0'],
    sluice_return_ms: [`p(95)<${p95Ms}`],
    sluice_ack_ms: [`p(95)<${p95Ms}`],
  },
});

export function setup(): Run {
  return planRun('storm', gatherSeconds, seconds);
}

export default function storm(run: Run): Promise<void> {
  return live(crowd, async (id, open) => {
    const member = await open();
    // With these numbers every room has members who stay.
    const room = `${run.name}-${id % rooms}`;
    await member.join(room);
    await untilTime(run.startsAt);
    const loseConnections = async (): Promise<void> => {
      const times = id <= cutMembers ? storms : 0;
      for (let number = 1; number <= times; number++) {
        await untilTime(run.startsAt + (number * (run.endsAt - run.startsAt)) / (storms + 1));
        await member.ready();
        member.cut();
      }
    };
    await Promise.all([
      speak(member, room, { pauseMs: about(everyMs), untilMs: run.endsAt }),
      loseConnections(),
    ]);
    await member.finish();
  });
}
