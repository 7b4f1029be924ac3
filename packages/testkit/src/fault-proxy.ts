import { createServer, type Server, type Socket } from 'node:net';
import type { Pace } from './byte-flow.ts';
import { freePort } from './port.ts';
import {
  ProxiedConnection,
  type Cut,
  type Direction,
  type Endpoint,
  type Side,
} from './proxied-connection.ts';
import type { Scope } from './scope.ts';

export interface FaultProxyOptions {
  /** Where connections lead. A function is asked for each new one, as a load balancer would choose. */
  readonly target: Endpoint | (() => Endpoint);
  /** What its `url` begins with. Default `http`. */
  readonly scheme?: string;
}

/**
 * A TCP proxy whose links can be broken in the ways that links break. What is done to the proxy is done to all its
 * connections and, but for a cut, to new ones too until it is healed.
 */
export interface FaultProxy {
  readonly url: string;
  readonly port: number;
  /** Those that are open, oldest first. */
  readonly connections: readonly ProxiedConnection[];
  /** Resolves to the next connection that is made, before a byte of it has passed. */
  nextConnection(): Promise<ProxiedConnection>;
  /** Closes all connections. New ones may be made. */
  cut(how?: Cut): void;
  stall(direction?: Direction): void;
  halfOpen(gone?: Side): void;
  slow(pace: Pace): void;
  /** New connections are refused; those that are open stay. */
  refuse(): void;
  /** Ends all of the above, for every connection; resolves once new connections are accepted. */
  heal(): Promise<void>;
}

type StandingFault = (connection: ProxiedConnection) => void;

/** Starts a proxy on a free port of the loopback. Its connections end with `scope`. */
export async function startFaultProxy(scope: Scope, options: FaultProxyOptions): Promise<FaultProxy> {
  const { target } = options;
  const port = await freePort(scope);
  const connections = new Set<ProxiedConnection>();
  const waiting: Array<(connection: ProxiedConnection) => void> = [];
  let standing: StandingFault[] = [];
  let server: Server | undefined;

  const accept = (client: Socket): void => {
    const connection = new ProxiedConnection(client, typeof target === 'function' ? target() : target);
    connections.add(connection);
    connection.onClosed(() => connections.delete(connection));
    for (const fault of standing) fault(connection);
    for (const resolve of waiting.splice(0)) resolve(connection);
  };
  const listen = async (): Promise<void> => {
    if (server !== undefined) return;
    const opening = createServer({ allowHalfOpen: true }, accept);
    server = opening;
    await new Promise<void>((resolve, reject) => {
      opening.once('error', reject);
      opening.listen(port, '127.0.0.1', resolve);
    });
  };
  const afflict = (fault: StandingFault): void => {
    standing.push(fault);
    for (const connection of connections) fault(connection);
  };
  const proxy: FaultProxy = {
    url: `${options.scheme ?? 'http'}://127.0.0.1:${port}`,
    port,
    get connections() {
      return [...connections];
    },
    nextConnection: () => new Promise((resolve) => waiting.push(resolve)),
    cut(how) {
      for (const connection of connections) connection.cut(how);
    },
    stall: (direction) => afflict((connection) => connection.stall(direction)),
    halfOpen: (gone) => afflict((connection) => connection.halfOpen(gone)),
    slow: (pace) => afflict((connection) => connection.slow(pace)),
    refuse() {
      server?.close();
      server = undefined;
    },
    async heal() {
      standing = [];
      for (const connection of connections) connection.heal();
      await listen();
    },
  };
  scope.onClose(() => {
    proxy.refuse();
    proxy.cut();
  });
  await listen();
  return proxy;
}
