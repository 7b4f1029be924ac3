import { counter, gauge, histogram, type MetricEntry } from './metric-entry.ts';
import {
  clientEvents,
  closeCodes,
  disconnectReasons,
  errorCodes,
  faultOperations,
  redisConnections,
  redisOutcomes,
  redisRoles,
  serverEvents,
  sessionOutcomes,
  transportErrors,
  transports,
} from './metric-labels.ts';

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
const lanes = { only: 'lanes' } as const;

/** What is counted between clients and this node. */
export const clientMetrics = {
  connections: gauge('sluice_connections', 'Sockets connected to this node', {}),
  rooms: gauge('sluice_rooms', 'Rooms with a member on this node', {}),
  ready: gauge('sluice_ready', '1 where this node takes new connections', {}),
  connected: counter('sluice_connections_total', 'Sockets let in, by the transport they came over', {
    transport: transports,
  }),
  refused: counter('sluice_connections_refused_total', 'Handshakes refused, by error code', {
    code: errorCodes,
  }),
  authenticated: histogram(
    'sluice_authentication_duration_seconds',
    'How long the check of an access token took',
    seconds,
    { outcome: ['ok', 'refused'] },
  ),
  transportErrors: counter('sluice_transport_errors_total', 'Engine.IO requests refused, by its error code', {
    code: transportErrors,
  }),
  upgraded: counter('sluice_transport_upgrades_total', 'Connections that went from polling to WebSocket', {}),
  disconnected: counter('sluice_disconnects_total', 'Sockets gone, by the reason Socket.IO gives', {
    reason: disconnectReasons,
  }),
  closed: counter(
    'sluice_websocket_closes_total',
    'WebSockets closed, by close code, whoever closed: 1011 is an internal error, 1006 an end without a word',
    { code: closeCodes },
  ),
  joined: counter('sluice_joins_total', 'Rooms joined', {}),
  left: counter('sluice_leaves_total', 'Rooms left, also by going away', {}),
  events: counter(
    'sluice_events_total',
    'Events received, by name ("unknown" for all that are none of ours) and outcome (ok or an error code)',
    { event: clientEvents, outcome: ['ok', ...errorCodes] },
  ),
  sent: counter('sluice_events_sent_total', 'Events written to sockets, by name, one for each socket', {
    event: serverEvents,
  }),
  requestSeconds: histogram(
    'sluice_request_duration_seconds',
    'From the receipt of an event to its acknowledgement',
    seconds,
    { event: clientEvents },
  ),
  floods: counter(
    'sluice_floods_total',
    'Connections closed because they went on after their events were refused as rate_limited',
    {},
  ),
  sessions: counter('sluice_sessions_total', 'Sessions begun: recovered, or why not', {
    outcome: sessionOutcomes,
  }),
  gaps: counter(
    'sluice_gaps_total',
    'Gaps told to connected sockets: what they had yet to read was trimmed or lost',
    {},
    lanes,
  ),
  replayed: histogram(
    'sluice_replay_events',
    'Events read from the log for one client: one that came back (recovered), or one that had read too slowly (resumed)',
    [0, 1, 5, 10, 50, 100, 500, 1_000, 5_000, 10_000],
    { kind: ['recovered', 'resumed'] },
    lanes,
  ),
  queuedBytes: gauge(
    'sluice_queued_bytes',
    'Bytes that wait for all sockets of this node, at the last look',
    {},
  ),
  queuedBytesMax: gauge(
    'sluice_queued_bytes_max',
    'Bytes that wait for the slowest socket, at the last look',
    {},
  ),
  spilled: counter(
    'sluice_spills_total',
    'Connections that read too slowly and were served from the log from then on',
    {},
    lanes,
  ),
  resumeSeconds: histogram(
    'sluice_resume_duration_seconds',
    'How long a connection was served from the log until it had caught up',
    [...seconds, 30, 60],
    {},
    lanes,
  ),
  slowConsumers: counter(
    'sluice_slow_consumers_total',
    'Connections closed because they did not read what waited for them',
    {},
  ),
  fenced: counter(
    'sluice_fenced_sockets_total',
    'Sockets closed because their session had been taken over elsewhere',
    {},
    lanes,
  ),
  traceparents: counter(
    'sluice_traceparents_total',
    'Trace contexts that clients sent: taken, or no such thing',
    {
      outcome: ['accepted', 'invalid'],
    },
  ),
} as const satisfies Record<string, MetricEntry>;

/** What is counted between this node and Redis. */
export const redisMetrics = {
  connectionUp: gauge('sluice_redis_connection_up', '1 where the Redis connection is open', {
    connection: redisConnections,
  }),
  roundTripSeconds: gauge('sluice_redis_round_trip_seconds', 'Duration of the last answered probe', {
    connection: redisConnections,
  }),
  opened: counter(
    'sluice_redis_connections_opened_total',
    'Redis connections opened, by role: all but the first of each are reconnections',
    { role: redisRoles },
  ),
  lost: counter('sluice_redis_connections_lost_total', 'Redis connections lost, by role', {
    role: redisRoles,
  }),
  commands: counter(
    'sluice_redis_commands_total',
    'Redis commands settled, by role and outcome; redis_unavailable is a deadline missed',
    { role: redisRoles, outcome: redisOutcomes },
  ),
  commandSeconds: histogram(
    'sluice_redis_command_duration_seconds',
    'From the call of a Redis command to its settlement, waiting for a connection included; a reader also waits for entries',
    seconds,
    { role: redisRoles },
  ),
  outstanding: gauge(
    'sluice_redis_commands_outstanding',
    'Commands waiting for a connection or an answer',
    {},
  ),
  channels: gauge('sluice_redis_channels', 'Channels subscribed to', {}),
  messages: counter('sluice_messages_total', 'Messages accepted', { outcome: ['new', 'duplicate'] }),
  publishSeconds: histogram(
    'sluice_publish_duration_seconds',
    'From the call that publishes a message until it is logged and handed to the nodes',
    seconds,
    { outcome: ['ok', 'failed'] },
  ),
  deliveryLagSeconds: histogram(
    'sluice_delivery_lag_seconds',
    'From the moment an event is logged, by the clock of Redis, until it is written to the sockets of this node, by its own',
    seconds,
    {},
    lanes,
  ),
  canarySeconds: histogram(
    'sluice_canary_seconds',
    'From this node through Redis and back to it, measured each second',
    seconds,
    {},
    lanes,
  ),
  outboxPublications: gauge(
    'sluice_outbox_publications',
    'Publications that are not settled: under way, or waiting for Redis',
    {},
    lanes,
  ),
  outboxBytes: gauge('sluice_outbox_bytes', 'What they take', {}, lanes),
  logEntries: histogram(
    'sluice_log_entries',
    'Entries in the log of a room that this node serves; another room is looked at each second',
    [10, 100, 500, 1_000, 5_000, 10_000, 50_000, 100_000, 1_000_000],
    {},
    lanes,
  ),
  logTrimmed: counter(
    'sluice_log_trimmed_total',
    'Entries found to have been trimmed from those logs, since each was looked at before',
    {},
    lanes,
  ),
  driverFaults: counter(
    'sluice_driver_faults_total',
    'Failures inside the cluster driver that no request waited for, by operation',
    { operation: faultOperations },
  ),
} as const satisfies Record<string, MetricEntry>;

/** What telemetry tells of itself. */
export const telemetryMetrics = {
  exports: counter(
    'sluice_telemetry_exports_total',
    'Spans, or collections of metrics, that the collector has taken (ok) or that were given up (failed)',
    { signal: ['traces', 'metrics'], outcome: ['ok', 'failed'] },
  ),
  spansDropped: counter(
    'sluice_telemetry_spans_dropped_total',
    'Spans dropped because more ended than could be sent or kept',
    {},
  ),
} as const satisfies Record<string, MetricEntry>;

export const metricCatalogue = { ...clientMetrics, ...redisMetrics, ...telemetryMetrics } as const;
