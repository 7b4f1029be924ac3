import { createAdapter } from '@socket.io/redis-streams-adapter';
import type { RedisCore } from '@sluice/redis-core';
import { AdapterClient } from './adapter-client.ts';
import { broadcastJson } from './broadcast-json.ts';
import { actThroughStream } from './act-through-stream.ts';
import type { ClusterDriver, DriverFault } from './cluster-driver.ts';
import { EventTracing, type TracingOptions } from './event-tracing.ts';
import type { AdapterObservation } from './lanes/lanes-options.ts';
import { holdMissedPackets, replayMissed } from './replay.ts';
import { RoomLog, type RoomLogOptions } from './room-log.ts';
import { watchWrites } from './watch-writes.ts';

export interface StreamsDriverOptions {
  readonly log: RoomLogOptions;
  /** Entries kept in the stream that all nodes read, and so how far back a client can recover. */
  readonly streamMaxEntries: number;
  readonly ephemeralEvents: ReadonlySet<string>;
  readonly tracing: Partial<TracingOptions>;
  readonly onFault: (fault: DriverFault) => void;
  readonly onObserved: (observation: AdapterObservation) => void;
}

/**
 * The official @socket.io/redis-streams-adapter: one stream that every node reads, and connection state recovery.
 * What is published, and what sockets are told to do, enters that stream under no node's name: the node hears it where all
 * others do.
 */
export function createStreamsDriver(core: RedisCore, options: StreamsDriverOptions): ClusterDriver {
  const closed = new AbortController();
  const client = new AdapterClient(core, closed.signal, options.onFault);
  const log = new RoomLog(core, options.log);
  const tracing = new EventTracing(options.tracing);
  const stream = core.keyspace.shared('adapter-stream');
  const relay = { kind: 'stream', stream, maxEntries: options.streamMaxEntries } as const;
  const attach = createAdapter(client, {
    streamName: stream,
    maxLen: options.streamMaxEntries,
    channelPrefix: core.keyspace.shared('adapter'),
    sessionKeyPrefix: `${core.keyspace.shared('adapter-session')}:`,
    onlyPlaintext: false,
  });
  return {
    name: 'cluster-driver',
    driver: 'streams',
    recovers: true,
    // Socket.IO calls it with `new`, which a method or an arrow function does not bear.
    adapter: function attachTo(namespace) {
      const adapter = attach(namespace);
      watchWrites(adapter, tracing, options.onObserved);
      actThroughStream(adapter, options.onFault);
      holdMissedPackets(adapter, client.tap, options.ephemeralEvents);
      return adapter;
    },
    get ready() {
      return client.positioned && core.health().ready;
    },
    get attached() {
      return client.positioned;
    },
    publish(publication) {
      return tracing.send(
        [publication.room],
        (traceparent) => {
          const { head, tail } = broadcastJson(publication, traceparent);
          return log.append(publication, relay, head, tail);
        },
        ({ id, duplicate }) => ({ position: id, duplicate }),
      );
    },
    history: log,
    unsettled: undefined,
    // Every node reads the whole stream: what it serves needs no arrangement.
    joined: () => Promise.resolve(),
    replayMissed: (socket) => replayMissed(socket, client.tap),
    caughtUp: () => undefined,
    recoveryOf: () => undefined,
    start: () => Promise.resolve(),
    stop() {
      closed.abort();
      return Promise.resolve();
    },
  };
}
