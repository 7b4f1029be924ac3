import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually, type Scope } from '@sluice/testkit';
import { Server, type ServerOptions, type Socket } from 'socket.io';
import { PacketType } from 'socket.io-parser';
import {
  createClusterAdapter,
  type AdapterFault,
  type AdapterObservation,
  type ClusterAdapter,
  type LanesAdapter,
  type LanesOptions,
} from '../../src/index.ts';
import type { LogReceipt } from '../../src/log/cluster-log.ts';
import type { Ground, NodeParts } from './lanes-ground.ts';

export interface LanesTestNode extends NodeParts {
  readonly id: string;
  readonly io: Server;
  readonly adapter: ClusterAdapter;
  readonly url: string;
  readonly faults: AdapterFault[];
  readonly observed: AdapterObservation[];
  /** The adapter of `/`. */
  readonly main: LanesAdapter;
  /** The one socket that is connected. */
  only(): Socket;
  /** Resolves once it is in the log. */
  publish(rooms: readonly string[], ...data: readonly unknown[]): Promise<LogReceipt>;
  /** Those of an observation. */
  saw<Kind extends AdapterObservation['kind']>(kind: Kind): Extract<AdapterObservation, { kind: Kind }>[];
  close(): Promise<void>;
}

export interface LanesTestOptions extends Partial<LanesOptions> {
  readonly server?: Partial<ServerOptions>;
  readonly maxDisconnectionMs?: number;
  /** Called before it listens. */
  readonly prepare?: (io: Server) => void;
}

/** A Socket.IO server of its own in this process, on a free port. */
export async function startLanesNode(
  scope: Scope,
  ground: Ground,
  nodeId: string,
  options: LanesTestOptions = {},
): Promise<LanesTestNode> {
  const { server, maxDisconnectionMs = 60_000, prepare, ...rest } = options;
  const parts = ground.partsFor(nodeId, maxDisconnectionMs);
  const { core, log, sessions } = parts;
  const faults: AdapterFault[] = [];
  const observed: AdapterObservation[] = [];
  const adapter = createClusterAdapter({
    log,
    sessions,
    uid: nodeId,
    onFault: (fault) => faults.push(fault),
    onObserved: (observation) => observed.push(observation),
    ...rest,
  });
  const http = createServer();
  const io = new Server(http, {
    serveClient: false,
    connectionStateRecovery: { maxDisconnectionDuration: maxDisconnectionMs },
    ...server,
  });
  const signal = new AbortController().signal;
  let closing: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    await io.close();
    await adapter.stop(1_000);
    await core?.stop(1_000);
  };
  const close = (): Promise<void> => (closing ??= end());
  scope.onClose(close);
  await core?.start(signal);
  io.adapter(adapter);
  prepare?.(io);
  await adapter.start(signal);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  await eventually(() => adapter.attached, {
    describe: () =>
      `${nodeId} is attached; ${faults.map(({ operation, cause }) => `${operation}: ${String(cause)}`).join('; ')}`,
  });
  return {
    ...parts,
    id: nodeId,
    io,
    adapter,
    faults,
    observed,
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    get main() {
      return adapter.of('/') as LanesAdapter;
    },
    only() {
      const [socket, ...others] = io.sockets.sockets.values();
      if (socket === undefined || others.length > 0)
        throw new Error(`${io.sockets.sockets.size} sockets are connected`);
      return socket;
    },
    publish: (rooms, ...data) =>
      (adapter.of('/') as LanesAdapter).publish({
        rooms,
        packet: { type: PacketType.EVENT, nsp: '/', data },
      }),
    saw: (kind) => observed.filter((observation) => observation.kind === kind) as never,
    close,
  };
}

export async function startTwoNodes(
  scope: Scope,
  ground: Ground,
  options?: LanesTestOptions,
): Promise<[LanesTestNode, LanesTestNode]> {
  return await Promise.all([
    startLanesNode(scope, ground, 'one', options),
    startLanesNode(scope, ground, 'two', options),
  ]);
}
