import { join } from 'node:path';
import {
  devTokenRequestSchema,
  protocolError,
  type ClientConfig,
  type ProtocolErrorCode,
} from '@sluice/protocol';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import type { DevTokenIssuer } from '../auth/dev-token.ts';
import { recorded } from './recorded.ts';

export interface ClientAppDependencies {
  readonly nodeId: string;
  readonly ready: () => boolean;
  /** Where given, `POST /auth/dev-token` exists. */
  readonly issueDevToken?: DevTokenIssuer | undefined;
  readonly webRoot: string;
  /** What browsers are told before they connect, and may reach. */
  readonly clientConfig: ClientConfig;
  readonly logger: Logger;
}

/** What clients and load balancers reach over HTTP beside Socket.IO. */
export function createClientApp(deps: ClientAppDependencies): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(securityHeaders(deps.clientConfig));
  app.get('/livez', (_request, response) => {
    response.set('cache-control', 'no-store').json({ alive: true, nodeId: deps.nodeId });
  });
  app.get('/readyz', (_request, response) => {
    const ready = deps.ready();
    response
      .status(ready ? 200 : 503)
      .set('cache-control', 'no-store')
      .json({ ready, nodeId: deps.nodeId });
  });
  app.get('/client-config', (_request, response) => {
    response.set('cache-control', 'no-store').json(deps.clientConfig);
  });
  if (deps.issueDevToken !== undefined) {
    const route = '/auth/dev-token';
    app.post(route, recorded(route), express.json({ limit: '2kb' }), devToken(deps.issueDevToken));
  }
  // File names under assets/ carry a hash of their content.
  app.use(
    '/assets',
    express.static(join(deps.webRoot, 'assets'), { immutable: true, maxAge: '1y', index: false }),
  );
  app.use(express.static(deps.webRoot, { cacheControl: false, setHeaders: revalidate }));
  app.use((_request, response) => {
    response.status(404).json(errorBody('not_found'));
  });
  app.use(onError(deps.logger));
  return app;
}

function securityHeaders({ tracing }: ClientConfig): RequestHandler {
  const collector = tracing === undefined ? [] : [new URL(tracing.endpoint).origin];
  return helmet({
    contentSecurityPolicy: {
      directives: {
        'connect-src': ["'self'", 'ws:', 'wss:', ...collector],
        // TLS ends at the load balancer, and `npm start` has none: the gateway cannot know.
        'upgrade-insecure-requests': null,
      },
    },
    strictTransportSecurity: false,
  });
}

function devToken(issue: DevTokenIssuer): RequestHandler {
  return async (request, response) => {
    const parsed = devTokenRequestSchema.safeParse(request.body);
    if (!parsed.success) {
      response.status(400).json(errorBody('invalid_payload'));
      return;
    }
    response.set('cache-control', 'no-store').json(await issue(parsed.data.user));
  };
}

function onError(logger: Logger): ErrorRequestHandler {
  return (error: { status?: number }, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const status = error.status ?? 500;
    if (status >= 500) logger.error({ err: error }, 'request failed');
    response.status(status).json(errorBody(status >= 500 ? 'internal' : 'invalid_payload'));
  };
}

function errorBody(code: ProtocolErrorCode): object {
  const { message, retryable } = protocolError(code);
  return { error: { code, message, retryable } };
}

function revalidate(response: { setHeader(name: string, value: string): unknown }): void {
  response.setHeader('cache-control', 'no-cache');
}
