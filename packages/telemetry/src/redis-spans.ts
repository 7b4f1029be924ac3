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
 * recorded has caused makes no span: probes, blocking reads, what runs in the background. Attributes: semantic conventions
 * for database clients (db.system.name `redis`).
 *
 * It listens only while something recorded is at work: for each command of a process that somebody listens to, the driver
 * makes strings of all its arguments.
 */
export class RedisSpans {
  readonly #tracer = trace.getTracer('@sluice/telemetry');
  readonly #channel = tracingChannel<unknown, CommandMessage>('node-redis:command');
  readonly #spans = new Map<object, Span>();
  readonly #subscribers = {
    start: (message: CommandMessage) => this.#start(message),
    error: (message: CommandMessage) => this.#fail(message),
    asyncEnd: (message: CommandMessage) => this.#end(message),
    end: () => undefined,
    asyncStart: () => undefined,
  };
  #depth = 0;
  #isListening = false;

  /** Something recorded begins a synchronous stretch … */
  enter(): void {
    this.#depth += 1;
    if (this.#isListening) return;
    this.#isListening = true;
    this.#channel.subscribe(this.#subscribers);
  }

  /** … and ends it. Each call of `enter` is to be matched by one of this. */
  leave(): void {
    this.#depth -= 1;
    this.#rest();
  }

  /** Nothing recorded is at work, and nothing it has caused is under way. */
  #rest(): void {
    if (!this.#isListening || this.#depth > 0 || this.#spans.size > 0) return;
    this.#isListening = false;
    this.#channel.unsubscribe(this.#subscribers);
  }

  #start(message: CommandMessage): void {
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
    this.#spans.set(message, this.#tracer.startSpan(command, { kind: SpanKind.CLIENT, attributes }, parent));
  }

  #fail(message: CommandMessage): void {
    const span = this.#spans.get(message);
    if (span === undefined) return;
    const { name, message: text } = (message.error ?? {}) as Partial<Error>;
    // The first word of Redis's reply, such as READONLY. The rest may repeat an argument.
    const reply = name === 'Error' || name === undefined ? errorReply.exec(text ?? '')?.[0] : undefined;
    if (reply !== undefined) span.setAttribute('db.response.status_code', reply);
    // Not known by its digest, a script is sent in full: nothing is wrong.
    if (reply !== 'NOSCRIPT') {
      span.setAttribute('error.type', reply ?? name ?? '_OTHER').setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#end(message);
  }

  #end(message: CommandMessage): void {
    const span = this.#spans.get(message);
    if (span === undefined) return;
    span.end();
    this.#spans.delete(message);
    // Not from within what the channel is publishing.
    queueMicrotask(() => this.#rest());
  }
}
