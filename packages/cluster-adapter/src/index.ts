export { driverNames, type ClusterDriver, type DriverFault, type DriverName } from './cluster-driver.ts';
export { createClusterDriver, type ClusterDriverOptions } from './create-cluster-driver.ts';
export type { HistoryEntry, RoomHistory, RoomLogOptions } from './room-log.ts';
export type { JsonValue, Publication, Published } from './publication.ts';
export {
  createClusterAdapter,
  type ClusterAdapter,
  type ClusterAdapterOptions,
  type ClusterAdapterParts,
} from './lanes/create-cluster-adapter.ts';
export type { LanesAdapter } from './lanes/lanes-adapter.ts';
export type { RoomPublication } from './lanes/publishing.ts';
export type { AdapterFault, AdapterObservation, EventPolicy, LanesOptions } from './lanes/lanes-options.ts';
export type { RecoveryOutcome, FreshReason } from './lanes/recovery.ts';
