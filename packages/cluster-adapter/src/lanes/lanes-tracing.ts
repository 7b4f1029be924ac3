import {
  SpanKind,
  trace,
  type Attributes,
  type Context,
  type Link,
  type SpanContext,
} from '@opentelemetry/api';
import { begin, enter, linkTo, parseTraceparent, traced, type Traced } from '@sluice/telemetry';
import type { Socket } from 'socket.io';
import type { Position } from '../log/cluster-log.ts';
import type { Header } from './envelope.ts';
import type { TracingOptions } from './lanes-options.ts';

const tracer = trace.getTracer('@sluice/cluster-adapter');
// Also what the SDK keeps of a span's links.
const maxLinks = 128;

/** One event on this node: the span that ends when its sockets have been written to. */
export interface Hop {
  readonly traced: Traced;
  /** The event's context for one more client, where it wants it and not too many have it already. */
  tell(socket: Socket): string | undefined;
  end(recipients: number): void;
}

/**
 * The way of events over the log, as spans: where they are sent and, as what they cause, once on each node that serves them.
 * Semantic conventions for messaging, with the room's template for a destination. What is not sampled makes none.
 */
export class LanesTracing {
  readonly #options: TracingOptions;

  constructor(options: TracingOptions) {
    this.#options = options;
  }

  /** Begins the sending of an event, where what has caused it is recorded. */
  send(rooms: readonly string[]): Traced | undefined {
    const template = this.#templateOf(rooms);
    const attributes = this.#attributes('send', template, rooms);
    return begin(tracer, `send ${template}`, { kind: SpanKind.PRODUCER, attributes });
  }

  /** Begins what this node does with an event, where its sender was recorded. */
  hop({ t }: Header, rooms: readonly string[], position: Position | undefined): Hop | undefined {
    const sender = t === undefined ? undefined : parseTraceparent(t);
    if (sender === undefined) return undefined;
    const template = this.#templateOf(rooms);
    const attributes = {
      ...this.#attributes('process', template, rooms),
      ...(position !== undefined && { 'messaging.message.id': position }),
    };
    const options = { kind: SpanKind.CONSUMER, attributes, links: [linkTo(sender)] };
    const own = enter(tracer, `process ${template}`, options, sender);
    if (own === undefined) return undefined;
    const { wants, maxTold } = this.#options;
    let told = 0;
    return {
      traced: own,
      tell: (socket) => (told < maxTold && wants(socket) && (told += 1) > 0 ? own.traceparent : undefined),
      end(recipients) {
        own.span.setAttribute('sluice.recipients', recipients);
        own.end();
      },
    };
  }

  /** The context of an event that a client has missed, where it wants it. */
  missed({ t }: Header, socket: Socket): string | undefined {
    return t !== undefined && this.#options.wants(socket) ? t : undefined;
  }

  contextOf(socket: Socket): Context | undefined {
    return this.#options.contextOf(socket);
  }

  /** Records `work` as part of what admits a socket. */
  recover<T>(socket: Socket, work: (own: Traced | undefined) => Promise<T>): Promise<T> {
    return traced(tracer, 'recover', {}, work, this.#options.contextOf(socket));
  }

  writeSession<T>(cause: Context | undefined, work: () => Promise<T>): Promise<T> {
    return traced(tracer, 'write session', {}, work, cause);
  }

  /**
   * Records that a client was given what it had missed, linked to whoever sent that. Part of its admission where that is
   * recorded; otherwise of the trace of the first such event, so that a sampled event's way goes on over a recovery.
   */
  replayed(socket: Socket, count: number, senders: ReadonlySet<string>, startTime: number): void {
    const contexts = spanContexts(senders);
    const options = replayOptions(count, contexts, startTime);
    const admission = this.#options.contextOf(socket);
    if (admission !== undefined) begin(tracer, 'replay', options, admission)?.end();
    else if (contexts.length > 0) enter(tracer, 'replay', options, contexts[0])?.end();
  }

  /** Records that a client which had been too slow has been served from the log. */
  resumed(count: number, senders: ReadonlySet<string>, startTime: number): void {
    enter(tracer, 'resume', replayOptions(count, spanContexts(senders), startTime))?.end();
  }

  #templateOf(rooms: readonly string[]): string {
    const [first, ...others] = rooms;
    if (first === undefined) return '{namespace}';
    return others.length > 0 ? '{rooms}' : this.#options.template(first);
  }

  #attributes(operation: 'send' | 'process', template: string, rooms: readonly string[]): Attributes {
    return {
      'messaging.system': 'sluice',
      'messaging.operation.name': operation,
      'messaging.operation.type': operation,
      'messaging.destination.template': template,
      ...(this.#options.namesRooms && rooms.length > 0 && { 'messaging.destination.name': rooms.join(',') }),
    };
  }
}

/** Collects whose events were replayed, as many as a span can link to. */
export function noteSender(senders: Set<string>, sender: string | undefined): void {
  if (sender !== undefined && senders.size < maxLinks) senders.add(sender);
}

function spanContexts(senders: ReadonlySet<string>): SpanContext[] {
  return [...senders].map(parseTraceparent).filter((one) => one !== undefined);
}

function replayOptions(count: number, contexts: readonly SpanContext[], startTime: number) {
  const links: Link[] = contexts.map((one) => linkTo(one));
  return { attributes: { 'sluice.replay.events': count }, links, startTime };
}
