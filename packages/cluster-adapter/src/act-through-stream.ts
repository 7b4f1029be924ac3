import type { Adapter, BroadcastOptions, Room } from 'socket.io-adapter';
import type { Packet } from 'socket.io-parser';
import type { DriverFault } from './cluster-driver.ts';

/** The numbers of socket.io-adapter 2.5's MessageType (cluster-adapter.ts). */
const types = { broadcast: 3, join: 4, leave: 5, disconnect: 6 } as const;

/** What that keeps to itself. */
interface ClusterAdapterInternals {
  doPublish(message: {
    readonly uid: string;
    readonly nsp: string;
    readonly type: number;
    readonly data: object;
  }): Promise<unknown>;
}

/**
 * Has the streams adapter carry out what its own node wants where all other nodes do: broadcasts, joins, leaves and disconnections
 * as the stream has them. Left to itself it does so as soon as Redis has them, before or after what its reader brings: other
 * nodes hear another order, and a client that returns in between is told that it has recovered and never hears them. What
 * Redis does not take happens nowhere, and is reported.
 */
export function actThroughStream(adapter: Adapter, onFault: (fault: DriverFault) => void): void {
  const broadcast = adapter.broadcast.bind(adapter);
  const addSockets = adapter.addSockets.bind(adapter);
  const delSockets = adapter.delSockets.bind(adapter);
  const disconnectSockets = adapter.disconnectSockets.bind(adapter);
  const internals = adapter as unknown as ClusterAdapterInternals;
  const nsp = adapter.nsp.name;

  /** Returns false for what is for this node alone. */
  const publish = (kind: keyof typeof types, options: BroadcastOptions, more: object): boolean => {
    const { rooms, except = [], flags } = options;
    if (flags?.local === true) return false;
    const data = { ...more, opts: { rooms: [...rooms], except: [...except], flags } };
    // The name that official emitters use. An adapter ignores what comes under its own.
    internals
      .doPublish({ uid: 'emitter', nsp, type: types[kind], data })
      .catch((cause: unknown) => onFault({ operation: 'publish', cause }));
    return true;
  };

  adapter.broadcast = (packet: Packet, options: BroadcastOptions) => {
    if (!publish('broadcast', options, { packet })) broadcast(packet, options);
  };
  adapter.addSockets = (options: BroadcastOptions, rooms: Room[]) => {
    if (!publish('join', options, { rooms })) addSockets(options, rooms);
  };
  adapter.delSockets = (options: BroadcastOptions, rooms: Room[]) => {
    if (!publish('leave', options, { rooms })) delSockets(options, rooms);
  };
  adapter.disconnectSockets = (options: BroadcastOptions, close: boolean) => {
    if (!publish('disconnect', options, { close })) disconnectSockets(options, close);
  };
}
