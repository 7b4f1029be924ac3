import type { RedisCore } from '@sluice/redis-core';
import express, { type ErrorRequestHandler, type Express } from 'express';
import type { Registry } from 'prom-client';
import { z } from 'zod';
import { logLevels, type LogLevel } from '../log-level.ts';

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
  readonly logLevel: LogLevel;
}

const maxForMs = 86_400_000;
const levelSchema = z.strictObject({
  level: z.enum(logLevels),
  forMs: z.int().min(1_000).max(maxForMs).optional(),
});

/** What operators reach, on a port of its own. */
export function createOperatorApp(dependencies: OperatorAppDependencies): Express {
  const { registry, core, node, logLevel } = dependencies;
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
  app.get('/log-level', (_request, response) => {
    response.json({ level: logLevel.level });
  });
  app.put('/log-level', express.json({ limit: '1kb' }), (request, response) => {
    const parsed = levelSchema.safeParse(request.body);
    if (!parsed.success) {
      response.status(400).json(wrongLevel);
      return;
    }
    const { level, forMs } = parsed.data;
    logLevel.set(level, forMs);
    response.json({ level: logLevel.level });
  });
  app.use(onBadBody);
  return app;
}

const wrongLevel = {
  error: {
    code: 'invalid_payload',
    message: `Send {"level": …, "forMs"?: …} as application/json: one of ${logLevels.join(', ')}; 1000 to ${maxForMs} ms.`,
    retryable: false,
  },
};

const onBadBody: ErrorRequestHandler = (error: { status?: number }, _request, response, next) => {
  if (response.headersSent || (error.status ?? 500) >= 500) next(error);
  else response.status(error.status ?? 400).json(wrongLevel);
};
