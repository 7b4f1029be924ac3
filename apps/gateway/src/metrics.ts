import type { RedisCore } from '@sluice/redis-core';
import {
  createInstruments,
  metricCatalogue,
  oneOf,
  redisConnections,
  type Instruments,
} from '@sluice/telemetry';
import { Registry } from 'prom-client';
import type { ClusterDriver } from '@sluice/cluster-adapter';

/** The instruments of a gateway: those of the catalogue, whose labels have the values that stand there and no others. */
export type Metrics = Instruments<typeof metricCatalogue>;

export interface NodeFigures {
  readonly connections: () => number;
  readonly rooms: () => number;
  readonly ready: () => boolean;
  /** Bytes that wait for this node's sockets: all of them, and those of the slowest. */
  readonly queued: () => { readonly bytes: number; readonly max: number };
}

/** @param counts false where nothing is to be counted: `registry` is empty then. */
export function createMetrics(counts: boolean): { readonly metrics: Metrics; readonly registry: Registry } {
  const registry = new Registry();
  return { registry, metrics: createInstruments(metricCatalogue, counts ? registry : undefined) };
}

/** Adds what is read at each scrape. Call once. */
export function observeNode(
  metrics: Metrics,
  figures: NodeFigures,
  core: RedisCore,
  driver: Pick<ClusterDriver, 'unsettled'>,
): void {
  metrics.connections.collect((set) => set({}, figures.connections()));
  metrics.rooms.collect((set) => set({}, figures.rooms()));
  metrics.ready.collect((set) => set({}, figures.ready() ? 1 : 0));
  metrics.queuedBytes.collect((set) => set({}, figures.queued().bytes));
  metrics.queuedBytesMax.collect((set) => set({}, figures.queued().max));
  metrics.outstanding.collect((set) => set({}, core.commands.outstanding));
  metrics.channels.collect((set) => set({}, core.subscriber().channels));
  metrics.outboxPublications.collect((set) => set({}, driver.unsettled?.publications ?? 0));
  metrics.outboxBytes.collect((set) => set({}, driver.unsettled?.bytes ?? 0));
  const perConnection = (
    instrument: Metrics['connectionUp'],
    value: (connection: ReturnType<RedisCore['inventory']>[number]) => number | undefined,
  ): void =>
    instrument.collect((set) => {
      for (const connection of core.inventory()) {
        // The name after prefix and node: role and purpose.
        const label = connection.name.split(':').slice(2).join(':');
        const figure = value(connection);
        if (figure !== undefined)
          set(
            {
              connection: oneOf(
                redisConnections,
                label,
                connection.role === 'reader' ? 'reader:adapter' : connection.role,
              ),
            },
            figure,
          );
      }
    });
  perConnection(metrics.connectionUp, ({ state }) => (state === 'ready' ? 1 : 0));
  perConnection(metrics.roundTripSeconds, ({ roundTripMs }) =>
    roundTripMs === undefined ? undefined : roundTripMs / 1_000,
  );
}
