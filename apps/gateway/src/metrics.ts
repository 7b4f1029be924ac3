import type { RedisCore } from '@sluice/redis-core';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

interface NodeFigures {
  readonly connections: () => number;
  readonly rooms: () => number;
  readonly ready: () => boolean;
}

/** The instruments of a gateway. Label values come from closed lists, never from clients. */
export interface Metrics {
  readonly registry: Registry;
  readonly connected: Counter;
  readonly refused: Counter<'code'>;
  readonly disconnected: Counter<'reason'>;
  readonly transportErrors: Counter<'code'>;
  readonly events: Counter<'event' | 'outcome'>;
  readonly requestSeconds: Histogram<'event'>;
  readonly messages: Counter<'outcome'>;
  readonly recoveries: Counter<'outcome'>;
  readonly slowConsumers: Counter;
  readonly gaps: Counter;
  readonly fenced: Counter;
  readonly spilled: Counter;
  readonly replayed: Counter;
  readonly canarySeconds: Histogram;
  readonly redisLost: Counter<'role'>;
  readonly driverFaults: Counter<'operation'>;
  /** Adds what is read at each scrape. Call once. */
  observe(figures: NodeFigures, core: RedisCore): void;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    connected: new Counter({ name: 'sluice_connections_total', help: 'Sockets let in', registers }),
    refused: new Counter({
      name: 'sluice_connections_refused_total',
      help: 'Sockets refused at the handshake, by error code',
      labelNames: ['code'],
      registers,
    }),
    disconnected: new Counter({
      name: 'sluice_disconnects_total',
      help: 'Sockets gone, by Socket.IO disconnect reason',
      labelNames: ['reason'],
      registers,
    }),
    transportErrors: new Counter({
      name: 'sluice_transport_errors_total',
      help: 'Engine.IO requests refused, by Engine.IO error code',
      labelNames: ['code'],
      registers,
    }),
    events: new Counter({
      name: 'sluice_events_total',
      help: 'Events received from clients, by event ("unknown" for all others) and outcome (ok or an error code)',
      labelNames: ['event', 'outcome'],
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'sluice_request_duration_seconds',
      help: 'From receipt of an event to its answer',
      labelNames: ['event'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    messages: new Counter({
      name: 'sluice_messages_total',
      help: 'Messages accepted, by outcome (new or duplicate)',
      labelNames: ['outcome'],
      registers,
    }),
    recoveries: new Counter({
      name: 'sluice_sessions_total',
      help: 'Sessions begun, by outcome (recovered, or why not)',
      labelNames: ['outcome'],
      registers,
    }),
    slowConsumers: new Counter({
      name: 'sluice_slow_consumers_total',
      help: 'Connections closed because they did not read what waited for them',
      registers,
    }),
    gaps: new Counter({
      name: 'sluice_gaps_total',
      help: 'Gaps told to connected sockets: events trimmed or lost before they were read (driver lanes)',
      registers,
    }),
    fenced: new Counter({
      name: 'sluice_fenced_sockets_total',
      help: 'Sockets closed because their session had been taken over elsewhere (driver lanes)',
      registers,
    }),
    spilled: new Counter({
      name: 'sluice_spills_total',
      help: 'Times a connection read too slowly and was served from the log (driver lanes)',
      registers,
    }),
    replayed: new Counter({
      name: 'sluice_replayed_events_total',
      help: 'Events read from the log for clients that had missed them (driver lanes)',
      registers,
    }),
    canarySeconds: new Histogram({
      name: 'sluice_canary_seconds',
      help: 'From this node through Redis and back to it, measured each second (driver lanes)',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    redisLost: new Counter({
      name: 'sluice_redis_connections_lost_total',
      help: 'Redis connections lost, by role',
      labelNames: ['role'],
      registers,
    }),
    driverFaults: new Counter({
      name: 'sluice_driver_faults_total',
      help: 'Failures inside the cluster driver that no request waited for, by operation',
      labelNames: ['operation'],
      registers,
    }),
    observe(figures, core) {
      addGauge(registry, 'sluice_connections', 'Sockets connected to this node', figures.connections);
      addGauge(registry, 'sluice_rooms', 'Rooms with a member on this node', figures.rooms);
      addGauge(registry, 'sluice_ready', '1 where this node takes new connections', () =>
        figures.ready() ? 1 : 0,
      );
      addGauge(
        registry,
        'sluice_redis_commands_outstanding',
        'Commands waiting for Redis',
        () => core.commands.outstanding,
      );
      const perConnection = (
        name: string,
        help: string,
        value: (c: ReturnType<RedisCore['inventory']>[number]) => number | undefined,
      ): void => {
        new Gauge({
          name,
          help,
          labelNames: ['connection'],
          registers,
          collect() {
            for (const connection of core.inventory()) {
              // The name after prefix and node: role and purpose.
              const label = connection.name.split(':').slice(2).join(':');
              const figure = value(connection);
              if (figure !== undefined) this.set({ connection: label }, figure);
            }
          },
        });
      };
      perConnection('sluice_redis_connection_up', '1 where the Redis connection is open', ({ state }) =>
        state === 'ready' ? 1 : 0,
      );
      perConnection(
        'sluice_redis_round_trip_seconds',
        'Duration of the last answered probe',
        ({ roundTripMs }) => (roundTripMs === undefined ? undefined : roundTripMs / 1_000),
      );
    },
  };
}

function addGauge(registry: Registry, name: string, help: string, value: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(value());
    },
  });
}
