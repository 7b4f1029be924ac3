/** Why the client could not do what it was told; decide by `code`, never by the text. */
const clientErrors = {
  malformed_packet: 'What came is not a Socket.IO packet.',
  ack_timeout: 'The server did not acknowledge the event in time.',
  disconnected: 'The connection ended before the event was acknowledged.',
} as const;

export type ClientErrorCode = keyof typeof clientErrors;

export class ClientError extends Error {
  readonly code: ClientErrorCode;

  constructor(code: ClientErrorCode, detail = '') {
    super(detail === '' ? clientErrors[code] : `${clientErrors[code]} ${detail}`);
    this.name = 'ClientError';
    this.code = code;
  }
}
