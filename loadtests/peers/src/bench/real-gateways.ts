import {
  gatewayEntry,
  gatewayEnvironment,
  readyOrEnded,
  repositoryPath,
  spawnChild,
  type Scope,
  type TokenIssuer,
} from '@sluice/testkit';
import type { DriverName } from '../../options.mjs';
import { inspectable, type Node } from './nodes.ts';
import { untilServes } from './until-serves.ts';

export interface RealGatewaysOptions {
  readonly driver: DriverName;
  readonly count: number;
  readonly redisUrl: string;
  readonly issuer: TokenIssuer;
  /** Options for Node itself. */
  readonly flags: readonly string[];
  /** More of a gateway's environment variables. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RealGateway extends Node {
  /** Where operators look. */
  readonly operatorUrl: string;
  /** From the start of the process until `/readyz` said yes. */
  readonly readyMs: number;
}

/** Starts a cluster of apps/gateway as it is, with its own defaults; resolves when all of it is ready. */
export async function startRealGateways(scope: Scope, options: RealGatewaysOptions): Promise<RealGateway[]> {
  const nodeIds = Array.from({ length: options.count }, (_, index) => `gateway-${index + 1}`);
  return await Promise.all(nodeIds.map((nodeId) => startRealGateway(scope, nodeId, options)));
}

async function startRealGateway(
  scope: Scope,
  nodeId: string,
  options: RealGatewaysOptions,
): Promise<RealGateway> {
  const { driver, redisUrl, issuer } = options;
  const env = await gatewayEnvironment(scope, {
    driver,
    nodeId,
    redisUrl,
    issuer,
    env: { NODE_ENV: 'production', ...options.env },
  });
  const port = Number(env['PORT']);
  const name = `gateway ${nodeId}`;
  const startedMs = performance.now();
  const child = await spawnChild(scope, {
    name,
    command: process.execPath,
    args: [inspectable, ...options.flags, repositoryPath(gatewayEntry)],
    env,
  });
  const readyMs = await readyOrEnded(child, name, async (signal) => {
    await untilServes(port, '/readyz', signal);
    return performance.now() - startedMs;
  });
  return { port, child, readyMs, operatorUrl: `http://127.0.0.1:${env['OPERATOR_PORT']}` };
}
