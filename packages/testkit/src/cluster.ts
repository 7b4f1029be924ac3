import { startGateway, type Driver, type Gateway } from './gateway.ts';
import { startRedis, type RedisServer } from './redis.ts';
import type { Scope } from './scope.ts';
import { createTokenIssuer, type TokenIssuer } from './token.ts';

export interface ClusterOptions {
  readonly nodes: number;
  readonly driver?: Driver;
  /** More of every gateway's environment variables. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Cluster {
  readonly redis: RedisServer;
  readonly gateways: readonly Gateway[];
  readonly issuer: TokenIssuer;
  /** Gateway number `index`, from 0; throws where there is none. */
  gateway(index: number): Gateway;
  /** Starts one more, with more environment variables where given. */
  add(nodeId: string, env?: Readonly<Record<string, string>>, until?: 'ready' | 'live'): Promise<Gateway>;
}

/** Starts a Redis and `nodes` gateways on it, called gateway-1, gateway-2 and so on, all at once. */
export async function startCluster(scope: Scope, options: ClusterOptions): Promise<Cluster> {
  const redis = await startRedis(scope);
  const issuer = createTokenIssuer();
  const add: Cluster['add'] = (nodeId, env = {}, until = 'ready') =>
    startGateway(scope, {
      ...options,
      redisUrl: redis.url,
      nodeId,
      issuer,
      until,
      env: { ...options.env, ...env },
    });
  const names = Array.from({ length: options.nodes }, (_, index) => `gateway-${index + 1}`);
  const gateways = await Promise.all(names.map((name) => add(name)));
  return {
    redis,
    gateways,
    issuer,
    gateway(index) {
      const gateway = gateways[index];
      if (gateway === undefined) throw new RangeError(`there is no gateway ${index}`);
      return gateway;
    },
    add,
  };
}
