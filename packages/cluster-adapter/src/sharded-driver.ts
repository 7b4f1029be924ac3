import { createShardedAdapter } from '@socket.io/redis-adapter';
import type { RedisCore } from '@sluice/redis-core';
import { AdapterClient } from './adapter-client.ts';
import { broadcastJson } from './broadcast-json.ts';
import type { ClusterDriver, DriverFault } from './cluster-driver.ts';
import { RoomLog, type RoomLogOptions } from './room-log.ts';

export interface ShardedDriverOptions {
  readonly log: RoomLogOptions;
  readonly onFault: (fault: DriverFault) => void;
}

/**
 * The official @socket.io/redis-adapter over sharded Pub/Sub: a channel per room, nothing kept, no recovery (with it
 * on, this adapter appends a stray empty argument to events). What is published while Redis is away is heard by
 * nobody, though it is in the history.
 */
export function createShardedDriver(core: RedisCore, options: ShardedDriverOptions): ClusterDriver {
  const closed = new AbortController();
  const client = new AdapterClient(core, closed.signal, options.onFault);
  const log = new RoomLog(core, options.log);
  const channelPrefix = core.keyspace.shared('adapter');
  const attach = createShardedAdapter(client, client, { channelPrefix, subscriptionMode: 'dynamic' });
  // As ShardedRedisAdapter#dynamicChannel has it, in the namespace `/`.
  const mainChannel = `${channelPrefix}#/#`;
  const channelOf = (room: string): string => `${mainChannel}${room}#`;
  let attached = false;
  return {
    name: 'cluster-driver',
    driver: 'sharded-pubsub',
    recovers: false,
    // Socket.IO calls it with `new`, which this function bears and an arrow function does not.
    adapter: attach,
    get ready() {
      return attached && core.health().ready;
    },
    get attached() {
      return attached;
    },
    publish(publication) {
      const { head, tail } = broadcastJson(publication);
      const relay = { kind: 'channel', channel: channelOf(publication.room) } as const;
      return log.append(publication, relay, `{"uid":"emitter","nsp":"/","type":3,"data":${head}`, `${tail}}`);
    },
    history: log,
    joined: (room) => core.subscriber().active(channelOf(room)),
    replayMissed: () => undefined,
    start() {
      // Not awaited: a node lives without Redis, and says through `ready` that it hears nobody yet.
      core
        .subscriber()
        .active(mainChannel)
        .then(
          () => {
            attached = true;
          },
          (cause: unknown) => {
            if (!closed.signal.aborted) options.onFault({ operation: 'attach', cause });
          },
        );
      return Promise.resolve();
    },
    stop() {
      closed.abort();
      return Promise.resolve();
    },
  };
}
