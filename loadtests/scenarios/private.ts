/** Conversations of two, several for each member: a room for each pair, in which nobody else hears a word. */
import { crowdOptions, live, planRun, untilStart, type Run } from '../members/crowd.ts';
import { anyOf, speak, thinking } from '../members/speak.ts';
import { correctness, promptly, undisturbed } from '../metrics.ts';
import { sizeOf } from '../settings.ts';

export { handleSummary } from '../summary.ts';

const size = sizeOf('private');

export const options = crowdOptions('private', size, {
  ...correctness(size.MEMBERS),
  ...undisturbed,
  ...promptly(size.P95_MS),
});

export function setup(): Run {
  return planRun('private', size);
}

export default function conversations(run: Run): Promise<void> {
  return live(run, size, async (id, open) => {
    const member = await open();
    const own = partnersOf(id).map((partner) => roomOfTwo(run, id, partner));
    for (const room of own) await member.join(room);
    await untilStart(run);
    await speak(member, () => anyOf(own), { pauseMs: thinking(size.EVERY_MS), untilMs: run.endsAt });
    await member.finish();
  });
}

/** Those whom `id` begins a conversation with, who have the next ids, and those who begin one with it. */
function partnersOf(id: number): readonly number[] {
  const distances = Array.from({ length: size.PARTNERS }, (_, index) => index + 1);
  const partners = distances.flatMap((distance) => [wrapped(id + distance), wrapped(id - distance)]);
  return [...new Set(partners)].filter((partner) => partner !== id);
}

/** Of the ids, which begin with 1 and are a ring here. */
function wrapped(id: number): number {
  return ((id - 1 + size.PARTNERS * size.MEMBERS) % size.MEMBERS) + 1;
}

function roomOfTwo(run: Run, one: number, other: number): string {
  return `${run.name}-${Math.min(one, other)}-${Math.max(one, other)}`;
}
