import { untilStart, type OpenMember, type Run } from './crowd.ts';
import type { Member, MemberOptions } from './member.ts';

/** A member in the one room it is in. */
export interface Visitor {
  readonly member: Member;
  readonly room: string;
}

/** Connects the member `id` and lets it join its one of `rooms` rooms; resolves when the run begins. */
export async function enterRoom(
  run: Run,
  id: number,
  rooms: number,
  open: OpenMember,
  options: Partial<MemberOptions> = {},
): Promise<Visitor> {
  const member = await open(options);
  const room = `${run.name}-${id % rooms}`;
  await member.join(room);
  await untilStart(run);
  return { member, room };
}
