/** Redis dies in the middle of the talk, by SIGKILL, and is there again a while later, from its append-only file. */
import { chatThrough } from '../members/chat-through.ts';
import { crowdOptions, planRun, type Run } from '../members/crowd.ts';
import { correctness, nothingBegunAnew } from '../metrics.ts';
import { sizeOf } from '../settings.ts';

export { handleSummary } from '../summary.ts';

const size = sizeOf('redis');

export const options = crowdOptions('redis', size, {
  ...correctness(size.MEMBERS),
  ...nothingBegunAnew,
  // Nobody loses a connection.
  sluice_recovered: ['count==0'],
  // Those included that had to wait for Redis; and where none had to, nothing was proved.
  sluice_ack_ms: [`p(95)<${size.P95_MS}`, `max>${size.DOWN_SECONDS * 500}`],
});

export function setup(): Run {
  return planRun('redis', size);
}

export default function redis(run: Run): Promise<void> {
  return chatThrough(run, size, 'restart-redis', { downMs: size.DOWN_SECONDS * 1_000 });
}
