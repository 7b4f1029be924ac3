export { driverNames, type ClusterDriver, type DriverFault, type DriverName } from './cluster-driver.ts';
export { createClusterDriver, type ClusterDriverOptions } from './create-cluster-driver.ts';
export type { HistoryEntry, RoomHistory, RoomLogOptions } from './room-log.ts';
export type { JsonValue, Publication, Published } from './publication.ts';
