/**
 * How much is too much: in each step come as many members more, all of whom talk, until a threshold breaks. Then nobody speaks
 * any more, and all check what they heard: under too much load a cluster may be late, and nothing else.
 */
import { Brake } from '../members/brake.ts';
import { crowdOptions, live, planRun, timeAt, type Run } from '../members/crowd.ts';
import { about, speak } from '../members/speak.ts';
import { pause } from '../members/time.ts';
import { correctness, nothingBegunAnew, type Thresholds } from '../metrics.ts';
import type { Load } from '../runner/src/k6/outcome.ts';
import { sizeOf } from '../settings.ts';
import { summarize, type SummaryData } from '../summary.ts';

const size = sizeOf('breakpoint');
const membersPerStep = Math.ceil(size.MEMBERS / size.STEPS);
const steps = Array.from({ length: size.STEPS }, (_, index) => index + 1);
const limited = ['sluice_delivery_ms', 'sluice_ack_ms', 'sluice_connect_ms'] as const;
const longestPauseMs = 1_000;
/** Of a step: in which its members come, at an even pace, so that it is not their coming alone that is measured. */
const arrivals = 0.3;

export const options = crowdOptions(
  'breakpoint',
  size,
  {
    ...correctness(size.MEMBERS),
    ...nothingBegunAnew,
    ...Object.assign({}, ...steps.map(limitsOf)),
  },
  { moreSeconds: 120 },
);

/** What each step is held to, and that it was never seen crossed: in the end it may hold again. */
function limitsOf(step: number): Thresholds {
  const limits = limited.map((of) => [`${of}{step:${step}}`, [`p(95)<${size.P95_MS}`]]);
  const sightings = limited.map((of) => [`sluice_broke{step:${step},of:${of}}`, ['count==0']]);
  return Object.fromEntries([...limits, ...sightings]) as Thresholds;
}

export function handleSummary(data: SummaryData): Record<string, string> {
  return summarize(data, { count: size.STEPS, loadOf });
}

function loadOf(step: number): Load {
  const members = Math.min(step * membersPerStep, size.MEMBERS);
  const textsPerSecond = (members * 1_000) / size.EVERY_MS;
  return { members, textsPerSecond, deliveriesPerSecond: textsPerSecond * size.ROOM_SIZE };
}

export function setup(): Run {
  return planRun('breakpoint', size);
}

export default async function breakpoint(run: Run): Promise<void> {
  const brake = new Brake();
  const lives = live(run, size, async (id, open) => {
    const place = (id - 1) / membersPerStep;
    const step = Math.floor(place) + 1;
    const comesAt = timeAt(run, (step - 1 + (place - step + 1) * arrivals) / size.STEPS);
    // One long pause would keep k6 until its end, though nobody comes any more.
    while (!brake.isPulled && Date.now() < comesAt)
      await pause(Math.min(longestPauseMs, comesAt - Date.now()));
    if (brake.isPulled) return;
    const member = await open({
      tagsAt: (timeMs) => ({ step: String(stepAt(run, timeMs)) }),
      // All reading all of it would take longer than the run. Who does not still knows of holes, by the senders' numbers.
      comparesHistory: id % size.ROOM_SIZE === 1,
    });
    const room = `${run.name}-${Math.floor((id - 1) / size.ROOM_SIZE)}`;
    await member.join(room);
    await speak(member, () => room, {
      pauseMs: about(size.EVERY_MS),
      untilMs: run.endsAt,
      isOver: () => brake.isPulled,
    });
    await member.finish();
  });
  await Promise.all([lives.finally(() => brake.release()), brake.watch()]);
}

function stepAt(run: Run, timeMs: number): number {
  const share = (timeMs - run.startsAt) / (run.endsAt - run.startsAt);
  return Math.min(size.STEPS, Math.max(1, Math.floor(share * size.STEPS) + 1));
}
