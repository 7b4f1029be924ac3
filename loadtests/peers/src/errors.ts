import { defineErrors, type ErrorTable } from '@sluice/kernel';

/** Why a run could not be measured, or its results not be read. */
const peersErrors = {
  not_linux: { text: 'CPU time and memory are read from /proc, which only Linux has.', retryable: false },
  too_few_files: { text: 'This process may not open enough connections (ulimit -n).', retryable: false },
  not_connected: { text: 'A node refused a client, or ended its connection.', retryable: false },
  generator_ended: { text: 'The load generator ended without a report.', retryable: false },
  not_inspected: { text: 'A node’s inspector refused a command.', retryable: false },
  results_unusable: { text: 'The file is not one that this command has written.', retryable: false },
} as const satisfies ErrorTable;

export const peersError = defineErrors(peersErrors);
