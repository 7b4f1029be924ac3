/** A deploy in the middle of the talk: every gateway is told to end, and started again, one after the other. */
import { chatThrough } from '../members/chat-through.ts';
import { crowdOptions, planRun, type Run } from '../members/crowd.ts';
import { correctness, nothingBegunAnew, recovered } from '../metrics.ts';
import { sizeOf } from '../settings.ts';

export { handleSummary } from '../summary.ts';

const size = sizeOf('rolling');

export const options = crowdOptions('rolling', size, {
  ...correctness(size.MEMBERS),
  ...nothingBegunAnew,
  // Every gateway was restarted, so everybody had to come back, once at least.
  ...recovered(size.MEMBERS),
  sluice_return_ms: [`p(95)<${size.P95_MS}`],
  sluice_ack_ms: [`p(95)<${size.P95_MS}`],
});

export function setup(): Run {
  return planRun('rolling', size);
}

export default function rolling(run: Run): Promise<void> {
  return chatThrough(run, size, 'roll', {});
}
