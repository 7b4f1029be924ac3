import { join } from 'node:path';

/** The command line, parsed and checked. */
export interface ClusterOptions {
  readonly nodes: number;
  /** Of the front. Every other port follows from it. */
  readonly port: number;
  /** Of the front; everything else listens on the loopback. */
  readonly host: string;
  readonly driver: string | undefined;
  /** Absolute. */
  readonly dataFolder: string;
  readonly verbose: boolean;
  /** Whether the traces of messages are shown. */
  readonly trace: boolean;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface GatewayPlan {
  /** Also the name of its server in haproxy.cfg, which routes sessions by it. */
  readonly nodeId: string;
  readonly client: Address;
  readonly operator: Address;
}

/** Where everything will be. */
export interface ClusterPlan {
  readonly front: Address;
  readonly gateways: readonly GatewayPlan[];
  /** Undefined where the user brought a Redis. */
  readonly redis: Address | undefined;
  readonly redisUrl: string;
  /** Where spans are received; undefined where traces are not shown. */
  readonly traces: Address | undefined;
  readonly dataFolder: string;
  readonly redisFolder: string;
}

const loopback = '127.0.0.1';

/** @param givenRedisUrl A Redis to use instead of a private one. */
export function planCluster(options: ClusterOptions, givenRedisUrl: string | undefined): ClusterPlan {
  const { port } = options;
  const redis = givenRedisUrl === undefined ? { host: loopback, port: port + 200 } : undefined;
  return {
    front: { host: options.host, port },
    gateways: Array.from({ length: options.nodes }, (_, index) => ({
      nodeId: `gateway-${index + 1}`,
      client: { host: loopback, port: port + index + 1 },
      operator: { host: loopback, port: port + 101 + index },
    })),
    redis,
    traces: options.trace ? { host: loopback, port: port + 150 } : undefined,
    redisUrl: givenRedisUrl ?? `redis://${loopback}:${port + 200}`,
    dataFolder: options.dataFolder,
    redisFolder: join(options.dataFolder, 'redis'),
  };
}

/** `host:port`, as URLs and HAProxy write it. */
export function hostAndPort({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A URL under which this machine reaches `address`, also where that is "all addresses". */
export function localUrl({ host, port }: Address): string {
  const reachable = host === '0.0.0.0' ? loopback : host === '::' ? '::1' : host;
  return `http://${hostAndPort({ host: reachable, port })}`;
}
