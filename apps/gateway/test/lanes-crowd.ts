import type { Gateway, Scope, Target } from '@sluice/testkit';
import { connectRaw, openRaw, type RawClient } from './lanes-support.ts';

export interface CrowdOptions {
  readonly count: number;
  /** Its members join them in turn, one each. */
  readonly rooms: readonly string[];
}

export interface Return {
  /** Until the last of them had everything. */
  readonly tookMs: number;
  /** Connections that were opened. */
  readonly attempts: number;
  /** Those who are who they were, by what they were told. */
  readonly recovered: number;
}

/** Many clients: raw ones, since thousands are to fit into one process. */
export interface Crowd {
  /** What each has heard, over all its connections. */
  readonly texts: ReadonlyArray<readonly string[]>;
  /**
   * Cuts all connections that are left, and makes new ones all at once, to each of `to` in turn, as often as it takes until
   * each member has heard `missed` messages and `session:ready`.
   */
  comeBack(to: readonly Gateway[], missed: number): Promise<Return>;
}

/** A client of many lives, and what it holds on to. */
interface Member {
  readonly token: string;
  readonly sid: string | undefined;
  readonly pid: string | undefined;
  client: RawClient;
  /** Of its earlier connections. */
  texts: string[];
  offset: string | undefined;
}

// Together, but not so many that the wait for their turn would be one for the test.
const atOnce = 50;

export async function startCrowd(
  scope: Scope,
  target: Target,
  { rooms, count }: CrowdOptions,
): Promise<Crowd> {
  const join = async (index: number): Promise<Member> => {
    const token = await target.issuer.token(`member-${index}`);
    const client = await connectRaw(scope, target, { auth: { token } });
    await client.succeed('room:join', { room: rooms[index % rooms.length] as string });
    return { token, sid: client.names?.sid, pid: client.names?.pid, client, texts: [], offset: undefined };
  };
  const members: Member[] = [];
  while (members.length < count) {
    const some = Array.from({ length: Math.min(atOnce, count - members.length) }, (_, index) =>
      join(members.length + index),
    );
    members.push(...(await Promise.all(some)));
  }
  const timeoutMs = 10_000 + count * 30;

  return {
    get texts() {
      return members.map(({ texts, client }) => [...texts, ...client.texts]);
    },
    async comeBack(to, missed) {
      let attempts = 0;
      const comeBack = async (member: Member): Promise<boolean> => {
        for (let wanted = missed; ;) {
          const { token, pid, client: last, sid } = member;
          member.texts.push(...last.texts);
          member.offset = last.offset ?? member.offset;
          const gateway = to[attempts++ % to.length] as Gateway;
          const auth = { token, pid, ...(member.offset !== undefined && { offset: member.offset }) };
          const client = await openRaw(scope, gateway, { auth });
          member.client = client;
          const whole = await client.untilMessagesOrEnd(wanted, timeoutMs);
          wanted -= client.texts.length;
          if (!whole) continue;
          const { recovered } = await client.untilReady();
          return recovered && client.names?.sid === sid;
        }
      };
      for (const { client } of members) client.cut();
      const began = performance.now();
      const outcomes = await Promise.all(members.map(comeBack));
      const tookMs = performance.now() - began;
      return { tookMs, attempts, recovered: outcomes.filter((outcome) => outcome).length };
    },
  };
}
