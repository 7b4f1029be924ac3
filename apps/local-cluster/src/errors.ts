import { defineErrors, type ErrorTable } from '@sluice/kernel';

/** What keeps a local cluster from starting, or from running on. */
export const clusterErrors = {
  address_unavailable: { text: 'an address of the cluster cannot be listened on', retryable: true },
  data_folder_in_use: { text: 'another cluster runs on this data folder', retryable: true },
  gateway_misconfigured: { text: 'the gateways refuse their configuration', retryable: false },
} as const satisfies ErrorTable;

export const clusterError = defineErrors(clusterErrors);
