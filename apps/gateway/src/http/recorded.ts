import { SpanKind } from '@opentelemetry/api';
import { enter, parseTraceparent } from '@sluice/telemetry';
import type { RequestHandler } from 'express';
import { tracer } from '../gateway-tracing.ts';

/** Records requests to a route, as part of what they name in the header `traceparent` or as traces of their own. */
export function recorded(route: string): RequestHandler {
  return (request, response, next) => {
    const attributes = {
      'http.request.method': request.method,
      'http.route': route,
      'url.path': route,
      'url.scheme': request.protocol,
    };
    const parent = parseTraceparent(request.headers['traceparent']);
    const own = enter(tracer, `${request.method} ${route}`, { kind: SpanKind.SERVER, attributes }, parent);
    if (own === undefined) return next();
    response.once('close', () => {
      const { statusCode } = response;
      own.span.setAttribute('http.response.status_code', statusCode);
      own.end(statusCode >= 500 ? String(statusCode) : undefined);
    });
    own.run(next);
  };
}
