import type { Lifecycle } from '@sluice/kernel';
import type { Logger } from 'pino';
import { createPeriodic } from './periodic.ts';

// Often enough for a start to be seen at once, rarely enough to cost nothing.
const everyMs = 50;

/** Says in the log when the node becomes ready and when it no longer is. */
export function createReadinessLog(ready: () => boolean, logger: Logger, startedAtMs: number): Lifecycle {
  let last = false;
  const look = (): void => {
    const now = ready();
    if (now === last) return;
    last = now;
    if (now) logger.info({ sinceStartMs: Math.round(performance.now() - startedAtMs) }, 'gateway ready');
    else logger.warn('gateway not ready');
  };
  return createPeriodic('readiness-log', everyMs, look);
}
