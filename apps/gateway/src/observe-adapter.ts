import type { AdapterObservation } from '@sluice/cluster-adapter';
import { oneOf, serverEvents } from '@sluice/telemetry';
import type { Logger } from 'pino';
import type { Metrics } from './metrics.ts';

/** Counts what the adapter tells, and logs what somebody may have to act upon. */
export function observeAdapter(observation: AdapterObservation, metrics: Metrics, logger: Logger): void {
  switch (observation.kind) {
    case 'admitted':
      if (observation.outcome.kind === 'recovered') {
        metrics.replayed.observe({ kind: 'recovered' }, observation.outcome.missed);
      }
      break;
    case 'gap': {
      const { gap, sockets } = observation;
      metrics.gaps.inc({});
      logger.warn(
        { from: gap.from, to: gap.to, sockets },
        'events were trimmed or lost before they were read',
      );
      break;
    }
    case 'fenced':
      metrics.fenced.inc({});
      break;
    case 'spilled':
      metrics.spilled.inc({});
      logger.info('a connection that reads slowly is served from the log');
      break;
    case 'resumed':
      metrics.replayed.observe({ kind: 'resumed' }, observation.replayed);
      metrics.resumeSeconds.observe({}, observation.tookMs / 1_000);
      logger.info(
        { replayed: observation.replayed, tookMs: observation.tookMs },
        'a connection has caught up from the log',
      );
      break;
    case 'canary':
      metrics.canarySeconds.observe({}, observation.lagMs / 1_000);
      break;
    case 'delivered': {
      const { event, recipients, lagMs } = observation;
      metrics.sent.inc({ event: oneOf(serverEvents, event, 'other') }, recipients);
      // Clocks that differ can make it negative.
      if (lagMs !== undefined) metrics.deliveryLagSeconds.observe({}, Math.max(0, lagMs) / 1_000);
      break;
    }
    case 'log':
      metrics.logEntries.observe({}, observation.entries);
      metrics.logTrimmed.inc({}, observation.trimmed);
  }
}
