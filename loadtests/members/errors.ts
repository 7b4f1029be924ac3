/** Why a member gave up; decide by `code`, never by the text. */
const memberErrors = {
  refused: 'The server refused for good.',
  put_out: 'The server closed the session.',
  not_in_time: 'It did not happen in time.',
  no_token: 'There is no token for the member.',
  left: 'The member has left.',
  no_control: 'What was to be done to the cluster was not done.',
} as const;

export type MemberErrorCode = keyof typeof memberErrors;

export class MemberError extends Error {
  readonly code: MemberErrorCode;

  constructor(code: MemberErrorCode, detail: string) {
    super(`${memberErrors[code]} ${detail}`);
    this.name = 'MemberError';
    this.code = code;
  }
}
