export {
  driverNames,
  type ClusterDriver,
  type DriverFault,
  type DriverName,
  type JsonValue,
  type Publication,
  type Published,
} from './cluster-driver.ts';
export { createClusterDriver, type ClusterDriverOptions } from './create-cluster-driver.ts';
export type { HistoryEntry, RoomHistory, RoomLogOptions } from './room-log.ts';
