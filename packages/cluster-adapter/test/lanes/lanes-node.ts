import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRedisCore, type RedisCore } from '@sluice/redis-core';
import { createSessionStore } from '@sluice/session-store';
import { eventually, type RedisServer, type Scope } from '@sluice/testkit';
import { Server, type ServerOptions, type Socket } from 'socket.io';
import { io as connectTo, type Socket as ClientSocket } from 'socket.io-client';
import {
  createClusterAdapter,
  type AdapterFault,
  type AdapterObservation,
  type ClusterAdapter,
  type LanesAdapter,
  type LanesOptions,
} from '../../src/index.ts';

export interface LanesTestNode {
  readonly io: Server;
  readonly adapter: ClusterAdapter;
  readonly core: RedisCore;
  readonly url: string;
  readonly faults: AdapterFault[];
  readonly observed: AdapterObservation[];
  /** The adapter of `/`. */
  readonly main: LanesAdapter;
  /** The one socket that is connected. */
  only(): Socket;
  close(): Promise<void>;
}

export interface LanesTestOptions extends Partial<LanesOptions> {
  readonly server?: Partial<ServerOptions>;
  readonly maxDisconnectionMs?: number;
}

/** A Socket.IO server of its own in this process, on a free port. */
export async function startLanesNode(
  scope: Scope,
  redis: Pick<RedisServer, 'url'>,
  nodeId: string,
  options: LanesTestOptions = {},
): Promise<LanesTestNode> {
  const { server, maxDisconnectionMs = 60_000, ...rest } = options;
  const core = createRedisCore({ url: redis.url, nodeId });
  const faults: AdapterFault[] = [];
  const observed: AdapterObservation[] = [];
  const adapter = createClusterAdapter({
    core,
    sessions: createSessionStore(core, { maxDisconnectionMs }),
    uid: nodeId,
    onFault: (fault) => faults.push(fault),
    onObserved: (observation) => observed.push(observation),
    ...rest,
  });
  const http = createServer();
  const io = new Server(http, {
    connectionStateRecovery: { maxDisconnectionDuration: maxDisconnectionMs },
    ...server,
  });
  io.adapter(adapter);
  const signal = new AbortController().signal;
  await core.start(signal);
  await adapter.start(signal);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      await io.close();
      await adapter.stop(1_000);
      await core.stop(1_000);
    })();
    return closing;
  };
  scope.onClose(close);
  await eventually(() => adapter.ready, {
    describe: () =>
      `${nodeId} is ready; ${faults.map(({ operation, cause }) => `${operation}: ${String(cause)}`).join('; ')}`,
  });
  return {
    io,
    adapter,
    core,
    faults,
    observed,
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    get main() {
      return adapter.of('/') as LanesAdapter;
    },
    only() {
      const sockets = [...io.sockets.sockets.values()];
      if (sockets.length !== 1) throw new Error(`${sockets.length} sockets are connected`);
      return sockets[0] as Socket;
    },
    close,
  };
}

export interface LanesTestClient {
  readonly socket: ClientSocket;
  /** Every event with its arguments, the offset included. */
  readonly heard: unknown[][];
  /** Every event's first argument. */
  firsts(event: string): unknown[];
  cut(): void;
  /** Connects to `node` as a load balancer might send it there. */
  comeBack(node: Pick<LanesTestNode, 'url'>): Promise<void>;
}

/** A stock client, connected over a WebSocket. */
export async function connectLanesClient(
  scope: Scope,
  node: Pick<LanesTestNode, 'url'>,
  options: { readonly namespace?: string; readonly auth?: object } & Record<string, unknown> = {},
): Promise<LanesTestClient> {
  const { namespace = '/', ...rest } = options;
  const heard: unknown[][] = [];
  const socket = connectTo(node.url + namespace, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    ...rest,
  });
  scope.onClose(() => socket.disconnect());
  socket.onAny((...args: unknown[]) => heard.push(args));
  await eventually(() => socket.connected);
  return {
    socket,
    heard,
    firsts: (event) => heard.filter(([name]) => name === event).map(([, first]) => first),
    cut: () => socket.io.engine.close(),
    async comeBack(to) {
      (socket.io as unknown as { uri: string }).uri = to.url;
      socket.connect();
      await eventually(() => socket.connected);
    },
  };
}
