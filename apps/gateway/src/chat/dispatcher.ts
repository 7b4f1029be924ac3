import { logError } from '@sluice/cluster-adapter';
import { redisError } from '@sluice/redis-core';
import type { CodedError } from '@sluice/kernel';
import { protocolError, type ProtocolErrorCode, type Reply, type WireError } from '@sluice/protocol';
import { begin, clientEvents, ending, oneOf, within } from '@sluice/telemetry';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { conclude, tracer, type GatewayTracing } from '../gateway-tracing.ts';
import type { Metrics } from '../metrics.ts';
import type { ChatEvent } from './chat-events.ts';
import type { ChatSocket } from './chat-server.ts';
import { RateLimiter, type RateLimit } from './rate-limiter.ts';

export interface DispatcherDependencies {
  readonly events: ReadonlyMap<string, ChatEvent>;
  readonly limit: RateLimit;
  readonly metrics: Pick<Metrics, 'events' | 'requestSeconds' | 'floods'>;
  readonly tracing: Pick<GatewayTracing, 'receive'>;
  readonly logger: Logger;
}

type AckCallback = (reply: Reply) => void;

/**
 * The one way in for everything a client sends: rate limit, name, acknowledgement, shape, handler, answer. What
 * cannot be answered through an acknowledgement is answered with `request:failed`.
 */
export function createDispatcher(dependencies: DispatcherDependencies): (socket: ChatSocket) => void {
  const { events, limit, metrics, tracing, logger } = dependencies;

  const answer = async (socket: ChatSocket, event: string, args: unknown[]): Promise<void> => {
    const label = oneOf(clientEvents, event, 'unknown');
    const ack = acknowledgementOf(args);
    const began = performance.now();
    const own = tracing.receive(socket, label, args[0]);
    try {
      const fields = await within(own?.context, () => handle(events, socket, event, args, ack));
      ack?.({ ok: true, ...fields });
      metrics.events.inc({ event: label, outcome: 'ok' });
      if (own !== undefined) conclude(own, 'ok');
    } catch (cause) {
      const error = toProtocolError(cause);
      if (error.code === 'internal') {
        within(own?.context, () => logger.error({ err: cause, event: label }, 'event failed'));
      }
      metrics.events.inc({ event: label, outcome: error.code });
      fail(socket, event, ack, error);
      if (own !== undefined) conclude(own, error.code);
    }
    metrics.requestSeconds.observe({ event: label }, (performance.now() - began) / 1_000);
  };

  return (socket) => {
    const limiter = new RateLimiter(limit, () => performance.now());
    // The parser lets numbers through as event names too.
    socket.onAny((name: unknown, ...args: unknown[]) => {
      const event = String(name);
      const verdict = limiter.take();
      if (verdict === 'allowed') {
        // Never rejects: whatever a handler throws is answered.
        void answer(socket, event, args);
        return;
      }
      const label = oneOf(clientEvents, event, 'unknown');
      metrics.events.inc({ event: label, outcome: 'rate_limited' });
      fail(socket, event, acknowledgementOf(args), protocolError('rate_limited'));
      if (verdict === 'flooding' && socket.connected) {
        metrics.floods.inc({});
        logger.warn({ user: socket.data.user, socketId: socket.id }, 'closing a flooding connection');
        socket.disconnect(true);
      }
    });
  };
}

function handle(
  events: ReadonlyMap<string, ChatEvent>,
  socket: ChatSocket,
  name: string,
  args: unknown[],
  ack: AckCallback | undefined,
): Promise<object> | object {
  const event = events.get(name);
  if (event === undefined) throw protocolError('unknown_event');
  if (event.acknowledged && ack === undefined) throw protocolError('missing_ack');
  const payloads = ack === undefined ? args.length : args.length - 1;
  const parsed = event.schema.safeParse(args[0]);
  if (payloads !== 1) throw protocolError('invalid_payload', { text: 'Send exactly one payload.' });
  if (!parsed.success) throw shapeError(parsed.error);
  const own = begin(tracer, `handle ${name}`);
  const work = () => event.handle(socket, parsed.data as never);
  return own === undefined
    ? work()
    : ending(
        own,
        own.run(async () => work()),
      );
}

function shapeError(error: z.ZodError): CodedError<ProtocolErrorCode> {
  if (error.issues.some(({ path, code }) => path[0] === 'text' && code === 'too_big')) {
    return protocolError('too_large');
  }
  // Field names are ours; values are the client's and are not repeated.
  const fields = [...new Set(error.issues.map(({ path }) => path.join('.')).filter((path) => path !== ''))];
  const text = fields.length === 0 ? undefined : `Not as documented: ${fields.join(', ')}.`;
  return protocolError('invalid_payload', text === undefined ? {} : { text });
}

/** Redis's troubles are the client's only as `unavailable`; everything unforeseen is `internal`. */
function toProtocolError(error: unknown): CodedError<ProtocolErrorCode> {
  if (protocolError.is(error)) return error;
  if (redisError.is(error, 'redis_closed')) return protocolError('shutting_down', { cause: error });
  if ((redisError.is(error) || logError.is(error)) && error.retryable)
    return protocolError('unavailable', { cause: error });
  return protocolError('internal', { cause: error });
}

function acknowledgementOf(args: unknown[]): AckCallback | undefined {
  const last = args.at(-1);
  return typeof last === 'function' ? (last as AckCallback) : undefined;
}

function fail(
  socket: ChatSocket,
  event: string,
  ack: AckCallback | undefined,
  { code, message, retryable }: CodedError<ProtocolErrorCode>,
): void {
  const error: WireError = { code, message, retryable };
  if (ack !== undefined) ack({ ok: false, error });
  else socket.nsp.local.to(socket.id).emit('request:failed', { event: event.slice(0, 64), error });
}
