import exec from 'k6/execution';
import type { Options } from 'k6/options';
import { complain } from '../complain.ts';
import { counters, type Thresholds } from '../metrics.ts';
import { connectMember, type Member, type MemberOptions } from './member.ts';

/** How many members there are, and how they are spread: many share a VU, whose memory is what costs in k6. */
export interface Crowd {
  readonly members: number;
  readonly membersPerVu: number;
}

export interface CrowdOptions extends Crowd {
  /** The scenario's name. */
  readonly name: string;
  /** How long it takes where all goes well, in seconds. k6 ends it a minute after. */
  readonly seconds: number;
  readonly thresholds: Thresholds;
}

/** k6's options for a scenario in which each member lives its life once. */
export function crowdOptions({ name, members, membersPerVu, seconds, thresholds }: CrowdOptions): Options {
  return {
    scenarios: {
      [name]: {
        executor: 'per-vu-iterations',
        vus: Math.ceil(members / membersPerVu),
        iterations: 1,
        maxDuration: `${seconds + 60}s`,
        gracefulStop: '5s',
      },
    },
    thresholds: thresholds as Record<string, string[]>,
    summaryTrendStats: ['avg', 'min', 'med', 'p(95)', 'p(99)', 'max'],
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

/** @param gatherSeconds how long members have to connect and join before any of them speaks */
export function planRun(scenario: string, gatherSeconds: number, seconds: number): Run {
  const startsAt = Date.now() + gatherSeconds * 1_000;
  return { name: `${scenario}-${startsAt}`, startsAt, endsAt: startsAt + seconds * 1_000 };
}

/** Connects a member, who is called by its id unless told otherwise. */
export type OpenMember = (options?: Partial<MemberOptions>) => Promise<Member>;

/**
 * The lives of this VU's share of the crowd, all at once; ids begin with 1. Resolves when all have ended. Those whose life
 * rejects are unfinished; all their connections are closed.
 */
export async function live(
  { members, membersPerVu }: Crowd,
  life: (id: number, open: OpenMember) => Promise<void>,
): Promise<void> {
  const first = (exec.vu.idInTest - 1) * membersPerVu + 1;
  const ids = Array.from({ length: membersPerVu }, (_, index) => first + index).filter((id) => id <= members);
  await Promise.all(ids.map((id) => liveOne(id, life)));
}

async function liveOne(id: number, life: (id: number, open: OpenMember) => Promise<void>): Promise<void> {
  const opened: Member[] = [];
  try {
    await life(id, async (options = {}) => {
      const member = await connectMember({ name: `member-${id}`, ...options });
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
