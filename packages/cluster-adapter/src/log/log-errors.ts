import { defineErrors, type ErrorTable } from '@sluice/kernel';

/** Codes of the log, beside those of redis-core. */
export const logErrors = {
  log_full: { text: 'Too much waits to be published.', retryable: true },
  log_expired: { text: 'The publication waited too long for the store.', retryable: true },
} as const satisfies ErrorTable;

export const logError = defineErrors(logErrors);
