import type { RedisCore } from '@sluice/redis-core';
import express, { type Express } from 'express';
import type { Registry } from 'prom-client';

/** `GET /node`. */
interface NodeInfo {
  readonly nodeId: string;
  readonly pid: number;
  readonly version: string;
  readonly driver: string;
  readonly uptimeMs: number;
  readonly connections: number;
  readonly rooms: number;
  readonly ready: boolean;
}

export interface OperatorAppDependencies {
  readonly registry: Registry;
  readonly core: RedisCore;
  readonly node: () => NodeInfo;
}

/** What operators reach, on a port of its own. */
export function createOperatorApp({ registry, core, node }: OperatorAppDependencies): Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/metrics', async (_request, response) => {
    response.set('content-type', registry.contentType).send(await registry.metrics());
  });
  app.get('/node', (_request, response) => {
    response.json(node());
  });
  app.get('/redis', (_request, response) => {
    response.json({ url: core.displayUrl, ...core.health() });
  });
  return app;
}
