import { defineErrors, type ErrorTable } from '@sluice/kernel';

/** Codes of this package. Driver and server errors are translated to them in one place, `translate.ts`. */
export const redisErrors = {
  redis_config_invalid: { text: 'The Redis configuration is not valid.', retryable: false },
  redis_unavailable: { text: 'Redis did not answer within the deadline.', retryable: true },
  redis_connection_lost: {
    text: 'The connection to Redis was lost while a command was under way; it may or may not have run.',
    retryable: true,
  },
  redis_queue_full: { text: 'Too many commands are waiting for Redis.', retryable: true },
  redis_not_ready: { text: 'Redis is loading its data, failing over or busy.', retryable: true },
  redis_refused: { text: 'Redis refused the command.', retryable: false },
  redis_unsubscribed: {
    text: 'The channel was given up before its subscription was confirmed.',
    retryable: false,
  },
  redis_closed: { text: 'The Redis core has been stopped.', retryable: false },
  redis_key_invalid: { text: 'A key segment is empty or not well-formed Unicode.', retryable: false },
} as const satisfies ErrorTable;

export type RedisErrorCode = keyof typeof redisErrors;

export const redisError = defineErrors(redisErrors);
