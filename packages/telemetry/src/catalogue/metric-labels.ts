// Every value a label can have. Where a value comes from a table of another package, the type of what is counted holds this
// list to that table: a code that is new there does not compile until it is named here.

/** Of packages/protocol. */
export const errorCodes = [
  'invalid_payload',
  'unknown_event',
  'missing_ack',
  'not_joined',
  'too_large',
  'too_many_rooms',
  'rate_limited',
  'unavailable',
  'shutting_down',
  'unauthorized',
  'token_expired',
  'not_found',
  'internal',
] as const;

/** `unknown` stands for every name that is none of ours. */
export const clientEvents = [
  'room:join',
  'room:leave',
  'message:send',
  'history:read',
  'typing:set',
  'unknown',
] as const;

/** `other` stands for what a parser of the application's own has written. */
export const serverEvents = [
  'session:ready',
  'message:new',
  'typing:changed',
  'request:failed',
  'sluice:gap',
  'other',
] as const;

export const transports = ['websocket', 'polling', 'other'] as const;

/** `reason` of `disconnect` on the server: https://socket.io/docs/v4/server-socket-instance/#disconnect */
export const disconnectReasons = [
  'server namespace disconnect',
  'client namespace disconnect',
  'server shutting down',
  'ping timeout',
  'transport close',
  'transport error',
  'parse error',
  'forced close',
  'forced server close',
  'other',
] as const;

/** Engine.IO's: unknown transport, unknown sid, bad handshake method, bad request, forbidden, unsupported version. */
export const transportErrors = ['0', '1', '2', '3', '4', '5', 'other'] as const;

/** RFC 6455, section 7.4, with what IANA has registered since; 3000 to 4999 are applications' own. */
export const closeCodes = [
  '1000',
  '1001',
  '1002',
  '1003',
  '1005',
  '1006',
  '1007',
  '1008',
  '1009',
  '1010',
  '1011',
  '1012',
  '1013',
  '1014',
  'application',
  'other',
] as const;

/** How a session began; `fresh` where the driver does not say why. */
export const sessionOutcomes = [
  'recovered',
  'new',
  'off',
  'unknown',
  'foreign',
  'offset',
  'trimmed',
  'lost',
  'fresh',
] as const;

export const redisRoles = ['commands', 'subscriber', 'reader'] as const;

/** `ok`, or a code of packages/redis-core. */
export const redisOutcomes = [
  'ok',
  'redis_config_invalid',
  'redis_unavailable',
  'redis_connection_lost',
  'redis_queue_full',
  'redis_not_ready',
  'redis_refused',
  'redis_unsubscribed',
  'redis_closed',
  'redis_key_invalid',
] as const;

/** Connections by role and purpose. */
export const redisConnections = ['commands', 'subscriber', 'reader:adapter'] as const;

/** Of packages/cluster-adapter; a test holds this list to its sources. */
export const faultOperations = [
  'answer',
  'ask for members',
  'attach',
  'beat',
  'broadcast',
  'canary',
  'catch up',
  'deliver',
  'disconnect',
  'encode session data',
  'end session',
  'fence',
  'fetchSockets',
  'follow',
  'hear',
  'hear commands',
  'join',
  'leave',
  'persist session',
  'publish',
  'read',
  'recover',
  'resynchronize',
  'serve from the log',
  'serverSideEmit',
  'settle',
  'start',
  'stream began anew',
  'subscribe',
  'touch sessions',
  'write session',
  'other',
] as const;

/** `value` where it is one of `values`, and what stands for all others where it is not. */
export function oneOf<const Value extends string>(
  values: readonly Value[],
  value: string,
  other: NoInfer<Value>,
): Value {
  return (values as readonly string[]).includes(value) ? (value as Value) : other;
}
