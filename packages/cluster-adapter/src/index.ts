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
export type { TracingOptions } from './event-tracing.ts';
export type { AdapterFault, AdapterObservation, EventPolicy, LanesOptions } from './lanes/lanes-options.ts';
export type { RecoveryOutcome, FreshReason } from './lanes/recovery.ts';
export {
  createEmitter,
  type ClusterEmitter,
  type Emitter,
  type EmitReceipt,
  type EmitterOptions,
} from './lanes/create-emitter.ts';
export { adapterError, adapterErrors } from './adapter-errors.ts';
export { logError, logErrors } from './log/log-errors.ts';
export { createRedisLog, type RedisLogOptions } from './log/redis-log.ts';
export { createMemoryLog } from './log/memory-log.ts';
export type { ClusterLog, LogEntry, LogReceipt, Position, Retention } from './log/cluster-log.ts';
