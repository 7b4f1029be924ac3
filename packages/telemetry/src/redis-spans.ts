import { tracingChannel } from 'node:diagnostics_channel';
import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';

/** What node-redis 6 publishes of a command. It holds the arguments too, which may be what users wrote: not read here. */
interface CommandMessage {
  readonly command: string;
  readonly database?: number;
  readonly serverAddress?: string;
  readonly serverPort?: number;
  readonly error?: unknown;
}

const errorReply = /^[A-Z]{2,}(?=\s|$)/;

/**
 * Records the Redis commands of what is recorded, through the driver's own diagnostics channel. A command that nothing
 * recorded has caused makes no span: probes, blocking reads, what runs in the background. Returns what ends that.
 * Attributes: semantic conventions for database clients (db.system.name `redis`).
 */
export function recordRedisCommands(): () => void {
  const tracer = trace.getTracer('@sluice/telemetry');
  const spans = new WeakMap<object, Span>();
  const channel = tracingChannel<unknown, CommandMessage>('node-redis:command');
  const end = (message: object): void => {
    spans.get(message)?.end();
    spans.delete(message);
  };
  const subscribers = {
    start(message: CommandMessage) {
      const parent = context.active();
      if (parent === ROOT_CONTEXT || trace.getSpan(parent)?.isRecording() !== true) return;
      const { command, database, serverAddress, serverPort } = message;
      const attributes = {
        'db.system.name': 'redis',
        'db.operation.name': command,
        ...(database !== undefined && { 'db.namespace': String(database) }),
        ...(serverAddress !== undefined && { 'server.address': serverAddress }),
        ...(serverPort !== undefined && { 'server.port': serverPort }),
      };
      spans.set(message, tracer.startSpan(command, { kind: SpanKind.CLIENT, attributes }, parent));
    },
    error(message: CommandMessage) {
      const span = spans.get(message);
      if (span === undefined) return;
      const { name, message: text } = (message.error ?? {}) as Partial<Error>;
      // The first word of Redis's reply, such as READONLY. The rest may repeat an argument.
      const reply = name === 'Error' || name === undefined ? errorReply.exec(text ?? '')?.[0] : undefined;
      if (reply !== undefined) span.setAttribute('db.response.status_code', reply);
      // Not known by its digest, a script is sent in full: nothing is wrong.
      if (reply !== 'NOSCRIPT') {
        span.setAttribute('error.type', reply ?? name ?? '_OTHER').setStatus({ code: SpanStatusCode.ERROR });
      }
      end(message);
    },
    asyncEnd: end,
    end: () => undefined,
    asyncStart: () => undefined,
  };
  channel.subscribe(subscribers);
  return () => {
    channel.unsubscribe(subscribers);
  };
}
