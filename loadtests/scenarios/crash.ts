/** A gateway dies in the middle of the talk, by SIGKILL, and is there again a while later. */
import { chatThrough } from '../members/chat-through.ts';
import { crowdOptions, planRun, type Run } from '../members/crowd.ts';
import { correctness, nothingBegunAnew, recovered } from '../metrics.ts';
import { sizeOf } from '../settings.ts';

export { handleSummary } from '../summary.ts';

const size = sizeOf('crash');

export const options = crowdOptions('crash', size, {
  ...correctness(size.MEMBERS),
  ...nothingBegunAnew,
  // Else nobody was on the gateway that died, and nothing was proved.
  ...recovered(1),
  sluice_return_ms: [`p(95)<${size.P95_MS}`],
  sluice_ack_ms: [`p(95)<${size.P95_MS}`],
});

export function setup(): Run {
  return planRun('crash', size);
}

export default function crash(run: Run): Promise<void> {
  return chatThrough(run, size, 'crash', { downMs: size.DOWN_SECONDS * 1_000 });
}
