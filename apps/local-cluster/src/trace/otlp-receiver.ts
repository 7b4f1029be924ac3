import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Lifecycle } from '@sluice/kernel';
import { hostAndPort, type Address } from '../cluster-plan.ts';
import { clusterError } from '../errors.ts';
import { readSpans, type TraceSpan } from './otlp-spans.ts';

export interface OtlpReceiverDependencies {
  /** Called with the spans of each request, at least one. */
  readonly onSpans: (spans: readonly TraceSpan[]) => void;
}

export interface OtlpReceiverOptions {
  readonly address: Address;
  /** Of a request's body. Default 8 MiB. */
  readonly maxBytes?: number;
}

/** Where OTLP over HTTP has traces, of a server whose address is the endpoint. */
export const tracesPath = '/v1/traces';
const timeouts = {
  requestTimeout: 30_000,
  // Never: an exporter that sends as the receiver hangs up loses its batch.
  keepAliveTimeout: 0,
};

/**
 * Listens for traces, as a Collector would, in the JSON encoding alone. Pages may send theirs where they come from this
 * machine; whatever else a browser sends is refused, since any page can reach the loopback.
 */
export function createOtlpReceiver(
  { onSpans }: OtlpReceiverDependencies,
  { address, maxBytes = 8 * 1024 * 1024 }: OtlpReceiverOptions,
): Lifecycle {
  const server = createServer(timeouts, (request, response) => {
    const refusal = refusalOf(request, response);
    if (refusal !== undefined) return refuse(response, ...refusal);
    if (request.method === 'OPTIONS') return void response.writeHead(204).end();
    collect(request, maxBytes, (body) => {
      if (body === undefined) return refuse(response, 413, `at most ${maxBytes} bytes`);
      const read = readSpans(parsed(body));
      if (read === undefined) return refuse(response, 400, 'not an ExportTraceServiceRequest in JSON');
      const { spans, rejected } = read;
      if (spans.length > 0) onSpans(spans);
      const partialSuccess = {
        rejectedSpans: String(rejected),
        errorMessage: 'ids, a name and times are required',
      };
      answer(response, 200, rejected === 0 ? {} : { partialSuccess });
    });
  });
  return {
    name: 'trace receiver',
    async start(signal) {
      signal.throwIfAborted();
      if (server.listening) return;
      await new Promise<void>((resolve, reject) => {
        server.once('error', (cause) => {
          const text = `${hostAndPort(address)} cannot be listened on for traces`;
          reject(clusterError('address_unavailable', { text, cause }));
        });
        server.listen({ ...address, exclusive: true }, resolve);
      });
    },
    async stop() {
      if (!server.listening) return;
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

type Refusal = [status: number, why: string];

/** Why a request is refused whatever its body; sets what a page needs to see in order to read the answer. */
function refusalOf(request: IncomingMessage, response: ServerResponse): Refusal | undefined {
  const { origin } = request.headers;
  if (origin !== undefined) {
    if (!loopbackOrigin.test(origin)) return [403, 'only pages of this machine may send traces here'];
    allowPage(request, response, origin);
  }
  if (request.url?.split('?')[0] !== tracesPath) return [404, `traces go to ${tracesPath}`];
  if (request.method === 'OPTIONS') return undefined;
  if (request.method !== 'POST') {
    response.setHeader('allow', 'POST, OPTIONS');
    return [405, 'traces come by POST'];
  }
  if (!/^application\/json *(;|$)/i.test(request.headers['content-type'] ?? '')) {
    return [415, 'application/json only: set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json'];
  }
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
    return [415, 'no compression: set OTEL_EXPORTER_OTLP_TRACES_COMPRESSION=none'];
  }
  return undefined;
}

const loopbackOrigin = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

function allowPage({ headers }: IncomingMessage, response: ServerResponse, origin: string): void {
  response.setHeader('vary', 'origin');
  response.setHeader('access-control-allow-origin', origin);
  // A page that is being closed sends its last spans with a beacon, which always has credentials.
  response.setHeader('access-control-allow-credentials', 'true');
  response.setHeader('access-control-allow-methods', 'POST');
  response.setHeader(
    'access-control-allow-headers',
    headers['access-control-request-headers'] ?? 'content-type',
  );
  response.setHeader('access-control-max-age', '600');
}

/** Calls `done` once with the whole body, or without where it is too large; never where the sender goes away. */
function collect(request: IncomingMessage, maxBytes: number, done: (body?: Buffer) => void): void {
  let chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else chunks = [];
  });
  // Read to its end even where it is too large: a sender that is cut off sees no answer.
  request.on('end', () => (size <= maxBytes ? done(Buffer.concat(chunks)) : done()));
  request.on('error', () => undefined);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  answer(response, status, { message });
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
