/**
 * Chat rooms as people use them: some are in everybody's list and most are small, each member is in several, and speaks after
 * having thought, shortly or at length.
 */
import { crowdOptions, live, planRun, untilStart, type Run } from '../members/crowd.ts';
import { anyOf, speak, thinking } from '../members/speak.ts';
import { drawWithout, zipfWeights } from '../members/zipf.ts';
import { correctness, promptly, undisturbed } from '../metrics.ts';
import { sizeOf } from '../settings.ts';

export { handleSummary } from '../summary.ts';

const size = sizeOf('rooms');
const weights = zipfWeights(size.ROOMS, size.ZIPF);
/** Of a text, in characters, by far most of which are short: all lengths of the protocol are as likely on a scale of powers. */
const shortestText = 20;
const longestText = 2_000;

export const options = crowdOptions('rooms', size, {
  ...correctness(size.MEMBERS),
  ...undisturbed,
  ...promptly(size.P95_MS),
});

export function setup(): Run {
  return planRun('rooms', size);
}

export default function rooms(run: Run): Promise<void> {
  return live(run, size, async (_id, open) => {
    const member = await open();
    const own = drawWithout(weights, size.ROOMS_EACH, Math.random).map((index) => `${run.name}-${index}`);
    for (const room of own) await member.join(room);
    await untilStart(run);
    await speak(member, () => anyOf(own), {
      pauseMs: thinking(size.THINK_MS),
      untilMs: run.endsAt,
      length: () => shortestText * (longestText / shortestText) ** Math.random(),
    });
    await member.finish();
  });
}
