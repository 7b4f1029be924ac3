/** A line of the log, by its text, which never changes. */
export interface LogEntry {
  readonly signal: 'log';
  readonly level: 'fatal' | 'error' | 'warn' | 'info';
  readonly message: string;
  readonly fields: readonly string[];
  readonly only?: 'lanes';
}

const log = (
  level: LogEntry['level'],
  message: string,
  fields: readonly string[] = [],
  rest: Pick<LogEntry, 'only'> = {},
): LogEntry => ({ signal: 'log', level, message, fields, ...rest });
const lanes = { only: 'lanes' } as const;

/** Where a line was caused by something that is recorded it has `trace_id` and `span_id` too. */
export const logCatalogue: readonly LogEntry[] = [
  log('info', 'gateway listening', ['driver', 'port', 'operatorPort', 'version']),
  log('info', 'gateway ready', ['sinceStartMs']),
  log('warn', 'gateway not ready'),
  log('info', 'gateway stopping', ['signal']),
  log('info', 'gateway stopped'),
  log('error', 'gateway stopped with errors', ['err']),
  log('error', 'gateway did not stop in time', ['overdueMs']),
  log('warn', 'second signal: leaving at once', ['signal']),
  log('fatal', 'gateway could not start', ['err']),
  log('info', 'connected', ['user', 'socketId', 'recovered', 'reason']),
  log('info', 'disconnected', ['user', 'socketId', 'reason']),
  log('error', 'handshake failed', ['err']),
  log('error', 'event failed', ['event', 'err']),
  log('warn', 'closing a flooding connection', ['user', 'socketId']),
  log('warn', 'closing a connection that does not read', ['user', 'socketId']),
  log('info', 'a connection that reads slowly is served from the log', [], lanes),
  log('info', 'a connection has caught up from the log', ['replayed', 'tookMs'], lanes),
  log('warn', 'events were trimmed or lost before they were read', ['from', 'to', 'sockets'], lanes),
  log('error', 'request failed', ['err']),
  log('info', 'redis connection opened', ['connection']),
  log('warn', 'redis connection lost', ['connection', 'err']),
  log('warn', 'redis connection will be tried again', ['connection', 'attempt', 'delayMs', 'err']),
  log('error', 'a subscription listener failed', ['err']),
  log('warn', 'driver fault', ['operation', 'count', 'err']),
  log('warn', 'log level changed', ['from', 'to', 'forMs']),
  log('warn', 'telemetry', ['said', 'count']),
];
