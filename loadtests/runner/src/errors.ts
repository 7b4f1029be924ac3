import { defineErrors, type ErrorTable } from '@sluice/kernel';

/** Why a run came to nothing. */
const loadErrors = {
  k6_failed: { text: 'k6 ended without having run the scenario.', retryable: false },
  not_done: { text: 'What a scenario asked to be done to the cluster could not be done.', retryable: false },
  bad_control: {
    text: 'What was asked of the cluster is not among what can be done to it.',
    retryable: false,
  },
  target_away: { text: 'Nobody answers at TARGET.', retryable: true },
} as const satisfies ErrorTable;

export const loadError = defineErrors(loadErrors);
