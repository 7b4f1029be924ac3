import type { AdapterObservation } from '@sluice/cluster-adapter';
import type { Logger } from 'pino';
import type { Metrics } from './metrics.ts';

/** Counts what the adapter tells, and logs what somebody may have to act upon. */
export function observeAdapter(observation: AdapterObservation, metrics: Metrics, logger: Logger): void {
  switch (observation.kind) {
    case 'admitted':
      if (observation.outcome.kind === 'recovered') metrics.replayed.inc(observation.outcome.missed);
      break;
    case 'gap': {
      const { gap, sockets } = observation;
      metrics.gaps.inc();
      logger.warn(
        { from: gap.from, to: gap.to, sockets },
        'events were trimmed or lost before they were read',
      );
      break;
    }
    case 'fenced':
      metrics.fenced.inc();
      break;
    case 'spilled':
      metrics.spilled.inc();
      logger.info('a connection that reads slowly is served from the log');
      break;
    case 'resumed':
      metrics.replayed.inc(observation.replayed);
      logger.info(
        { replayed: observation.replayed, tookMs: observation.tookMs },
        'a connection has caught up from the log',
      );
      break;
    case 'canary':
      metrics.canarySeconds.observe(observation.lagMs / 1_000);
  }
}
