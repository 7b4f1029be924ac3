import { defineErrors, type ErrorTable } from '@sluice/kernel';

/** Every code a client can meet, in acknowledgements, in `request:failed` and in `connect_error`. */
export const protocolErrors = {
  invalid_payload: { text: 'The payload does not have the documented shape.', retryable: false },
  unknown_event: { text: 'There is no such event.', retryable: false },
  missing_ack: { text: 'This event must be sent with an acknowledgement callback.', retryable: false },
  not_joined: { text: 'Join the room first.', retryable: false },
  too_large: { text: 'The text is longer than allowed.', retryable: false },
  too_many_rooms: {
    text: 'This connection is in as many rooms as allowed; leave one first.',
    retryable: false,
  },
  rate_limited: { text: 'Too many events from this connection; slow down.', retryable: true },
  unavailable: {
    text: 'The request could not be completed in time. It may or may not have taken effect; sending it again with the same clientId settles it.',
    retryable: true,
  },
  shutting_down: { text: 'This gateway is shutting down; connect again.', retryable: true },
  unauthorized: { text: 'The access token is missing or not valid.', retryable: false },
  token_expired: { text: 'The access token has expired; get a new one.', retryable: false },
  not_found: { text: 'There is nothing at this address.', retryable: false },
  internal: { text: 'The gateway failed to handle the request.', retryable: false },
} as const satisfies ErrorTable;

export type ProtocolErrorCode = keyof typeof protocolErrors;

/** Creates errors that reach a client with their code. */
export const protocolError = defineErrors(protocolErrors);

/** An error as it travels: in an acknowledgement's `error`, in `request:failed`. */
export interface WireError {
  readonly code: ProtocolErrorCode;
  readonly message: string;
  readonly retryable: boolean;
}
