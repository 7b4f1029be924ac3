import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { Journal } from '../journal.ts';
import { freePort } from '../port.ts';
import { openScope, type Scope } from '../scope.ts';
import { secretNet } from '../secret-net.ts';
import type { OtlpMetric } from './otlp-metric.ts';
import { loadOtlpProtobuf, type OtlpProtobuf } from './otlp-protobuf.ts';
import type { OtlpSpan } from './otlp-span.ts';
import { otlpTypes, readOtlp, type OtlpContent, type OtlpEncoding, type OtlpSignal } from './read-otlp.ts';

export interface OtlpReceiverOptions {
  /** Default: a free one. */
  readonly port?: number;
}

/** A request of an exporter, with what it was answered. */
export interface OtlpRequest {
  readonly signal: OtlpSignal;
  readonly headers: Readonly<IncomingMessage['headers']>;
  /** As they came, which is compressed where the exporter compresses. */
  readonly bytes: number;
  /** Undefined while {@link OtlpReceiver.stall} holds. */
  readonly status: number | undefined;
}

export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT; the signals' own are `${url}/v1/traces` and so on. */
  readonly url: string;
  readonly port: number;
  /** What was accepted, before the exporter knows that it was. */
  readonly spans: Journal<OtlpSpan>;
  readonly metrics: Journal<OtlpMetric>;
  /** Every POST to a signal's path, accepted or not. */
  readonly requests: Journal<OtlpRequest>;
  /** The uncompressed bodies of the last 10,000 requests, accepted or not: what a secret would be found in. */
  readonly bodies: readonly Buffer[];
  /** Answers everything with an error, 503 unless told, until healed. */
  refuse(status?: number): void;
  /** Answers nothing, until healed; what it has not answered by then it never will. */
  stall(): void;
  heal(): void;
  /** From here on connections are refused; another receiver may take the port. */
  close(): Promise<void>;
}

const keptBodies = 10_000;

/**
 * Starts a receiver of OTLP 1.x over HTTP, protobuf and JSON, on the loopback. Any web page may send to it. It is strict:
 * what a specification-abiding Collector would make the best of, such as an id of the wrong length, it answers with 400.
 */
export async function startOtlpReceiver(
  scope: Scope,
  options: OtlpReceiverOptions = {},
): Promise<OtlpReceiver> {
  const own = openScope();
  scope.onClose(() => own.close());
  const port = options.port ?? (await freePort(own));
  const protobuf = await loadOtlpProtobuf();
  const spans = new Journal<OtlpSpan>();
  const metrics = new Journal<OtlpMetric>();
  const requests = new Journal<OtlpRequest>();
  const bodies: Buffer[] = [];
  own.onClose(() => secretNet.check(`what was sent to the OTLP receiver on ${port}`, Buffer.concat(bodies)));
  let fault: { readonly status: number | undefined } | undefined;

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    allowWebPages(request, response);
    if (request.method === 'OPTIONS') return void response.writeHead(204).end();
    const signal = signals[request.url ?? ''];
    if (signal === undefined) return refuseInText(response, 404, `there is no ${request.url} here`);
    if (request.method !== 'POST') return refuseInText(response, 405, 'OTLP is sent by POST');
    const received = await buffer(request);
    const record = (status: number | undefined): void =>
      requests.add({ signal, headers: request.headers, bytes: received.length, status });

    const contentType = request.headers['content-type'] ?? 'none';
    const encoding = encodings[contentType.split(';')[0]?.trim().toLowerCase() ?? ''];
    const compression = request.headers['content-encoding'] ?? 'identity';
    if (encoding === undefined || (compression !== 'identity' && compression !== 'gzip')) {
      record(415);
      const taken = `${Object.values(otlpTypes).join(' or ')}, plain or with gzip`;
      return refuseInText(response, 415, `${contentType} with ${compression} is not taken, but ${taken}`);
    }
    const answer = (status: number, error?: string): void => {
      record(status);
      response.writeHead(status, { 'content-type': otlpTypes[encoding] });
      response.end(responseBody(protobuf, encoding, error));
    };
    let content: OtlpContent;
    try {
      const body = compression === 'gzip' ? gunzipSync(received) : received;
      bodies.push(body);
      if (bodies.length > keptBodies) bodies.shift();
      if (fault !== undefined) {
        if (fault.status === undefined) return record(undefined);
        return answer(fault.status, 'the test wants it so');
      }
      content = readOtlp(protobuf, signal, encoding, body);
    } catch (error) {
      return answer(400, String(error));
    }
    content.spans.forEach((span) => spans.add(span));
    content.metrics.forEach((metric) => metrics.add(metric));
    answer(200);
  };

  const server = createServer((request, response) => {
    // An exporter that hung up in the middle needs no answer.
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  own.onClose(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    spans,
    metrics,
    requests,
    bodies,
    refuse(status = 503) {
      fault = { status };
    },
    stall() {
      fault = { status: undefined };
    },
    heal() {
      fault = undefined;
    },
    close: () => own.close(),
  };
}

const signals: Readonly<Record<string, OtlpSignal>> = {
  '/v1/traces': 'traces',
  '/v1/metrics': 'metrics',
  '/v1/logs': 'logs',
};

const encodings: Readonly<Record<string, OtlpEncoding>> = {
  [otlpTypes.protobuf]: 'protobuf',
  [otlpTypes.json]: 'json',
};

function allowWebPages(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('access-control-allow-origin', '*');
  if (request.method !== 'OPTIONS') return;
  response.setHeader('access-control-allow-methods', 'POST');
  response.setHeader(
    'access-control-allow-headers',
    request.headers['access-control-request-headers'] ?? '*',
  );
}

function refuseInText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}

/** An empty Export...ServiceResponse, or a google.rpc.Status where there is an error. */
function responseBody(
  protobuf: OtlpProtobuf,
  encoding: OtlpEncoding,
  message: string | undefined,
): string | Uint8Array {
  if (encoding === 'json') return JSON.stringify({ message });
  return message === undefined ? '' : protobuf.encodeStatus(message);
}
