import { defineErrors, type ErrorTable } from '@sluice/kernel';

/** Why a test's surroundings failed, as opposed to what the test asserts. */
export const testkitErrors = {
  program_missing: { text: 'A program that the tests need is not installed.', retryable: false },
  no_free_port: { text: 'No free port is left in the range that tests use.', retryable: true },
  child_ended: { text: 'A child process ended before it was ready.', retryable: false },
  not_in_time: { text: 'A condition did not hold in time.', retryable: true },
  redis_error: { text: 'Redis answered a command with an error.', retryable: false },
  connect_failed: { text: 'The gateway refused the connection or could not be reached.', retryable: true },
  secret_exposed: { text: 'Something secret is where others can see it.', retryable: false },
  request_refused: { text: 'The gateway answered a request with an error.', retryable: false },
} as const satisfies ErrorTable;

export const testkitError = defineErrors(testkitErrors);
