import { createShardedAdapter } from '@socket.io/redis-adapter';
import { redisError, type RedisCore } from '@sluice/redis-core';
import { AdapterClient, type FollowChannel } from './adapter-client.ts';
import { broadcastJson } from './broadcast-json.ts';
import type { ClusterDriver, DriverFault } from './cluster-driver.ts';
import { EventTracing, type TracingOptions } from './event-tracing.ts';
import type { AdapterObservation } from './lanes/lanes-options.ts';
import { RoomFollower } from './room-follower.ts';
import { RoomLog, type HistoryEntry, type RoomLogOptions } from './room-log.ts';
import { watchWrites } from './watch-writes.ts';

export interface ShardedDriverOptions {
  readonly log: RoomLogOptions;
  readonly tracing: Partial<TracingOptions>;
  readonly onFault: (fault: DriverFault) => void;
  readonly onObserved: (observation: AdapterObservation) => void;
}

/**
 * The official @socket.io/redis-adapter over sharded Pub/Sub: a channel per room, and no recovery (with it on, this
 * adapter appends a stray empty argument to events). Publications that a node missed while its subscription was down are
 * read from the rooms' logs.
 */
export function createShardedDriver(core: RedisCore, options: ShardedDriverOptions): ClusterDriver {
  const closed = new AbortController();
  const log = new RoomLog(core, options.log);
  const tracing = new EventTracing(options.tracing);
  const channelPrefix = core.keyspace.shared('adapter');
  // As ShardedRedisAdapter#dynamicChannel has it, in the namespace `/`.
  const mainChannel = `${channelPrefix}#/#`;
  const channelOf = (room: string): string => `${mainChannel}${room}#`;
  const followers = new Map<string, RoomFollower>();
  let constructing = false;
  let attached = false;

  const follow: FollowChannel = (channel, deliver) => {
    // An adapter's constructor subscribes to everybody's channel and to its own; what follows are rooms.
    if (constructing || !channel.startsWith(mainChannel)) return undefined;
    const room = channel.slice(mainChannel.length, -1);
    const follower = new RoomFollower({
      room,
      subscriber: core.subscriber(),
      log,
      deliver,
      encode,
      onFault: (cause) => {
        if (!closed.signal.aborted) options.onFault({ operation: 'catch up', cause });
      },
    });
    followers.set(room, follower);
    return {
      onPayload: (payload) => follower.onPayload(payload),
      onConfirmed: () => follower.onConfirmed(),
      close() {
        follower.close();
        if (followers.get(room) === follower) followers.delete(room);
      },
    };
  };

  const client = new AdapterClient(core, closed.signal, options.onFault, follow);
  const attach = createShardedAdapter(client, client, { channelPrefix, subscriptionMode: 'dynamic' });
  return {
    name: 'cluster-driver',
    driver: 'sharded-pubsub',
    recovers: false,
    // Socket.IO calls it with `new`, which a method or an arrow function does not bear.
    adapter: function attachTo(namespace) {
      constructing = true;
      try {
        const adapter = attach(namespace);
        watchWrites(adapter, tracing, options.onObserved);
        return adapter;
      } finally {
        constructing = false;
      }
    },
    get ready() {
      return attached && core.health().ready;
    },
    get attached() {
      return attached;
    },
    publish(publication) {
      const relay = { kind: 'channel', channel: channelOf(publication.room) } as const;
      return tracing.send(
        [publication.room],
        (traceparent) => {
          const { head, tail } = broadcastJson(publication, traceparent);
          return log.append(publication, relay, messageHead + head, tail + messageTail);
        },
        ({ id, duplicate }) => ({ position: id, duplicate }),
      );
    },
    history: log,
    unsettled: undefined,
    async joined(room) {
      try {
        await core.subscriber().active(channelOf(room));
      } catch (cause) {
        // Left again meanwhile: there is nothing more to hear.
        if (redisError.is(cause, 'redis_unsubscribed')) return;
        throw cause;
      }
      await followers.get(room)?.caughtUp();
    },
    replayMissed: () => undefined,
    caughtUp: () => undefined,
    recoveryOf: () => undefined,
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
      for (const follower of followers.values()) follower.close();
      return Promise.resolve();
    },
  };
}

// Around the broadcast's own JSON: the sender's name that official emitters use, so that no node takes it for its own.
const messageHead = '{"uid":"emitter","nsp":"/","type":3,"data":';
const messageTail = '}';

/** The broadcast of an entry of the log, as its append published it, but for its context: that is not in the log. */
function encode(room: string, { id, sentAt, event, data }: HistoryEntry): Buffer {
  const { head, tail } = broadcastJson({ room, event, data });
  return Buffer.from(`${messageHead}${head}"id":"${id}","sentAt":${sentAt}${tail}${messageTail}`);
}
