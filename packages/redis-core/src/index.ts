export type { CommandOptions, Commands, RedisArgument, RedisReply } from './commands.ts';
export type { CommandMeasure, ConnectionInfo, ConnectionRole, ConnectionState } from './connection.ts';
export { redisError, redisErrors, type RedisErrorCode } from './errors.ts';
export type { Keyspace, RedisKey } from './keyspace.ts';
export { parseEntries, type StreamEntry, type StreamReader } from './reader.ts';
export {
  createRedisCore,
  type RedisCore,
  type RedisCoreOptions,
  type RedisHealth,
  type RedisStatus,
} from './redis-core.ts';
export { defineScript, type Script } from './script.ts';
export type { ChannelKind, ChannelListener, Subscriber, SubscriberWatch } from './subscriber.ts';
export { parseRedisUrl, type Topology } from './topology.ts';
export type { RedisTuning } from './tuning.ts';
