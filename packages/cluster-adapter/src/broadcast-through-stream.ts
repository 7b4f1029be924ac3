import type { Adapter, BroadcastOptions } from 'socket.io-adapter';
import type { Packet } from 'socket.io-parser';
import type { DriverFault } from './cluster-driver.ts';

/** What socket.io-adapter 2.5's ClusterAdapter keeps to itself (cluster-adapter.ts). */
interface ClusterAdapterInternals {
  doPublish(message: {
    readonly uid: string;
    readonly nsp: string;
    readonly type: 3;
    readonly data: {
      readonly packet: Packet;
      readonly opts: { rooms: readonly string[]; except: readonly string[]; flags: object | undefined };
    };
  }): Promise<unknown>;
}

/**
 * Has the streams adapter hear its own broadcasts where all other nodes do, in the stream. Left to itself it delivers them
 * as soon as Redis has them, before or after what its reader brings: other nodes hear another order, and a client that
 * returns in between is told that it has recovered and never hears them. What Redis does not take reaches nobody, and is
 * reported.
 */
export function broadcastThroughStream(adapter: Adapter, onFault: (fault: DriverFault) => void): void {
  const broadcast = adapter.broadcast.bind(adapter);
  const internals = adapter as unknown as ClusterAdapterInternals;
  const nsp = adapter.nsp.name;

  adapter.broadcast = (packet: Packet, options: BroadcastOptions) => {
    const { rooms, except = [], flags } = options;
    if (flags?.local === true) {
      broadcast(packet, options);
      return;
    }
    // The name that official emitters use. An adapter ignores what comes under its own.
    const message = {
      uid: 'emitter',
      nsp,
      type: 3,
      data: { packet, opts: { rooms: [...rooms], except: [...except], flags } },
    } as const;
    internals.doPublish(message).catch((cause: unknown) => onFault({ operation: 'publish', cause }));
  };
}
