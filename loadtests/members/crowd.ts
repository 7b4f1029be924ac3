import exec from 'k6/execution';
import type { Options } from 'k6/options';
import { complain } from '../complain.ts';
import { counters, trends, type Thresholds } from '../metrics.ts';
import { instances, runName } from '../settings.ts';
import { connectMember, type Member, type MemberOptions } from './member.ts';
import { pause, untilTime } from './time.ts';

/** How many members there are, how they are spread, and for how long they are there: what every scenario's size has. */
export interface CrowdSize {
  readonly MEMBERS: number;
  /** Many share a VU, whose memory is what costs in k6. */
  readonly MEMBERS_PER_VU: number;
  readonly GATHER_SECONDS: number;
  readonly SECONDS: number;
}

/**
 * k6's options for a scenario in which each member lives its life once.
 * @param moreSeconds how long it may take after they have spoken, where that is more than a minute
 */
export function crowdOptions(
  name: string,
  size: CrowdSize,
  thresholds: Thresholds,
  { moreSeconds = 60 }: { readonly moreSeconds?: number } = {},
): Options {
  // Each k6 counts its own.
  if (size.MEMBERS % (size.MEMBERS_PER_VU * instances) !== 0 && instances > 1)
    throw new Error(
      `${instances} k6 cannot share ${size.MEMBERS} members, ${size.MEMBERS_PER_VU} to a VU, evenly`,
    );
  const seconds = size.GATHER_SECONDS + size.SECONDS + moreSeconds;
  return {
    scenarios: {
      [name]: {
        executor: 'per-vu-iterations',
        vus: Math.ceil(size.MEMBERS / size.MEMBERS_PER_VU),
        iterations: 1,
        maxDuration: `${seconds}s`,
        gracefulStop: '5s',
      },
    },
    thresholds: thresholds as Record<string, string[]>,
    summaryTrendStats: ['avg', 'min', 'med', 'p(95)', 'p(99)', 'max'],
    setupTimeout: '10s',
  };
}

/** When a run is, and what its rooms are called: made once, in `setup`, and handed to every VU. */
export interface Run {
  /** No other run has it. */
  readonly name: string;
  /** When members begin to speak, and when they end, in milliseconds since the epoch. */
  readonly startsAt: number;
  readonly endsAt: number;
}

/** @throws where several k6 share a run, each of which plans for itself, and no name for its rooms was given */
export function planRun(scenario: string, size: CrowdSize): Run {
  if (instances > 1 && runName === undefined)
    throw new Error(`${instances} k6 share this run: give all of them one RUN`);
  const startsAt = Date.now() + size.GATHER_SECONDS * 1_000;
  return {
    name: `${scenario}-${runName ?? startsAt}`,
    startsAt,
    endsAt: startsAt + size.SECONDS * 1_000,
  };
}

/** Connects a member, who is called by its id unless told otherwise. */
export type OpenMember = (options?: Partial<MemberOptions>) => Promise<Member>;

/**
 * The lives of this VU's share of the crowd, all at once; ids begin with 1. Resolves when all have ended. Those whose life
 * rejects are unfinished; all their connections are closed.
 */
export async function live(
  { endsAt }: Run,
  { MEMBERS, MEMBERS_PER_VU }: CrowdSize,
  life: (id: number, open: OpenMember) => Promise<void>,
): Promise<void> {
  const first = (exec.vu.idInTest - 1) * MEMBERS_PER_VU + 1;
  const ids = Array.from({ length: MEMBERS_PER_VU }, (_, index) => first + index).filter(
    (id) => id <= MEMBERS,
  );
  let isOver = false;
  const lives = Promise.all(ids.map((id) => liveOne(id, life))).finally(() => {
    isOver = true;
  });
  await Promise.all([lives, watchOwnPace(() => isOver || Date.now() + watchEveryMs >= endsAt)]);
}

async function liveOne(id: number, life: (id: number, open: OpenMember) => Promise<void>): Promise<void> {
  const opened: Member[] = [];
  try {
    await life(id, async (options = {}) => {
      const member = await connectMember({ name: `member-${id}`, id, ...options });
      opened.push(member);
      return member;
    });
    counters.sluice_finished.add(1);
  } catch (error) {
    counters.sluice_unfinished.add(1);
    complain(`member ${id} gave up`, error);
  } finally {
    for (const member of opened) member.close();
  }
}

const watchEveryMs = 500;

/** Measures how late timers of this VU are, while members speak: what it does with the histories afterwards delays nobody. */
async function watchOwnPace(isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const dueAt = Date.now() + watchEveryMs;
    await pause(watchEveryMs);
    trends.sluice_lateness_ms.add(Math.max(0, Date.now() - dueAt));
  }
}

/** In which part of a run members must be in their rooms. */
const latestArrival = 1 / 2;

/** Resolves when the run begins, for members who are in their rooms; counts those who come too late to check much. */
export async function untilStart(run: Run): Promise<void> {
  if (Date.now() > timeAt(run, latestArrival)) counters.sluice_late.add(1);
  await untilTime(run.startsAt);
}

/** The time at which `share` (0 to 1) of a run has passed, in milliseconds since the epoch. */
export function timeAt(run: Run, share: number): number {
  return run.startsAt + share * (run.endsAt - run.startsAt);
}
