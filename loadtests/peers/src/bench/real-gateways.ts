import { setTimeout as pause } from 'node:timers/promises';
import { get } from 'node:http';
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

export interface RealGatewayOptions {
  readonly driver: DriverName;
  readonly nodeId: string;
  readonly redisUrl: string;
  readonly issuer: TokenIssuer;
  readonly flags: readonly string[];
}

export interface RealGateway extends Node {
  /** From the start of the process until `/readyz` said yes. */
  readonly readyMs: number;
}

const pollMs = 5;

/** Starts apps/gateway as it is, with its own defaults; resolves when it is ready. */
export async function startRealGateway(scope: Scope, options: RealGatewayOptions): Promise<RealGateway> {
  const { driver, nodeId, redisUrl, issuer } = options;
  const env = await gatewayEnvironment(scope, {
    driver,
    nodeId,
    redisUrl,
    issuer,
    env: { NODE_ENV: 'production' },
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
    while (!signal.aborted && !(await saysReady(port))) await pause(pollMs);
    return performance.now() - startedMs;
  });
  return { port, child, readyMs };
}

async function saysReady(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/readyz', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('error', () => resolve(false));
  });
}
