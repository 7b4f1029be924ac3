import { defineErrors, type ErrorTable } from '@sluice/kernel';

/** What a caller of the adapter or the emitter can do wrong. */
export const adapterErrors = {
  ack_not_supported: { text: 'Who serves no sockets cannot be answered.', retryable: false },
  event_reserved: { text: 'The event’s name is one of Socket.IO’s own.', retryable: false },
  not_attached: { text: 'The adapter has not been given to a server yet.', retryable: false },
} as const satisfies ErrorTable;

export const adapterError = defineErrors(adapterErrors);
