import { SpanKind, trace, type Attributes, type Context, type SpanContext } from '@opentelemetry/api';
import { enter, parseTraceparent, type Traced } from '@sluice/telemetry';
import type { ChatSocket } from './chat/chat-server.ts';
import type { Metrics } from './metrics.ts';

export const tracer = trace.getTracer('@sluice/gateway');

export interface GatewayTracingOptions {
  /** True where spans may hold users' names. */
  readonly namesUsers: boolean;
}

const server = { kind: SpanKind.SERVER };
const consumer = { kind: SpanKind.CONSUMER };
// Faults of ours. What a client did wrong is told in `error.type` alone.
const faults: ReadonlySet<string> = new Set(['internal', 'unavailable']);

/** The spans in which clients' doings arrive here. Nothing is made for what is not sampled. */
export class GatewayTracing {
  readonly #metrics: Pick<Metrics, 'traceparents'>;
  readonly #options: GatewayTracingOptions;
  readonly #admissions = new WeakMap<object, Traced>();
  readonly #listeners = new WeakSet<object>();

  constructor(metrics: Pick<Metrics, 'traceparents'>, options: GatewayTracingOptions) {
    this.#metrics = metrics;
    this.#options = options;
  }

  /** A client wants to be let in. */
  connect(socket: ChatSocket): Traced | undefined {
    const { trace: wish, traceparent } = socket.handshake.auth as { trace?: unknown; traceparent?: unknown };
    if (wish === 'on') this.#listeners.add(socket);
    const admission = enter(tracer, 'connect', server, this.#parentIn(traceparent), () => ({
      'http.route': '/socket.io/',
      'network.protocol.name': socket.conn.transport.name === 'websocket' ? 'websocket' : 'http',
    }));
    if (admission === undefined) return undefined;
    this.#admissions.set(socket, admission);
    // Its connection may end before anything else is said of it.
    socket.conn.once('close', () => this.connected(socket, 'closed'));
    return admission;
  }

  /** It has been, or has been refused with an error's code. */
  connected(socket: ChatSocket, outcome: string): void {
    const admission = this.#admissions.get(socket);
    if (admission === undefined) return;
    this.#admissions.delete(socket);
    if (outcome !== 'closed') admission.span.setAttributes(this.#userOf(socket));
    conclude(admission, outcome);
  }

  /** What the admission of a socket belongs to, until it is connected. */
  admissionOf(socket: object): Context | undefined {
    return this.#admissions.get(socket)?.context;
  }

  /** True for a client that wants to be told the context of what it is sent. */
  wantsTrace(socket: object): boolean {
    return this.#listeners.has(socket);
  }

  /** An event has come, with this payload. */
  receive(socket: ChatSocket, event: string, payload: unknown): Traced | undefined {
    const given =
      typeof payload === 'object' && payload !== null
        ? (payload as { traceparent?: unknown }).traceparent
        : undefined;
    return enter(tracer, `process ${event}`, consumer, this.#parentIn(given), () => ({
      'messaging.system': 'socket.io',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': event,
      ...this.#userOf(socket),
    }));
  }

  #parentIn(traceparent: unknown): SpanContext | undefined {
    if (traceparent === undefined) return undefined;
    const parent = parseTraceparent(traceparent);
    this.#metrics.traceparents.inc({ outcome: parent === undefined ? 'invalid' : 'accepted' });
    return parent;
  }

  #userOf(socket: ChatSocket): Attributes {
    return this.#options.namesUsers && typeof socket.data.user === 'string'
      ? { 'enduser.id': socket.data.user }
      : {};
  }
}

/** Ends the work of a request with `ok`, or an error's code. */
export function conclude(traced: Traced, outcome: string): void {
  traced.span.setAttribute('sluice.outcome', outcome);
  if (faults.has(outcome)) traced.fail(outcome);
  else if (outcome !== 'ok') traced.span.setAttribute('error.type', outcome);
  traced.end();
}
