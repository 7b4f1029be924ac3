import { SpanKind, trace, type Attributes, type Context } from '@opentelemetry/api';
import { enter, parseTraceparent, recorded, traced } from '@sluice/telemetry';
import type { Socket } from 'socket.io';
import type { LogReceipt, Position } from './log/cluster-log.ts';

/** Of all that this package records. */
export const tracer = trace.getTracer('@sluice/cluster-adapter');

/** How the way of events is told to OpenTelemetry, where a provider is registered there. */
export interface TracingOptions {
  /** A room's name with what sets it apart replaced, since names of spans are few: `room:{room}`. Default `{room}`. */
  readonly template: (room: string) => string;
  /** True where spans may hold rooms' own names too. Default false. */
  readonly namesRooms: boolean;
  /** What the admission of a socket is part of, where that is recorded. Default: nothing. */
  readonly contextOf: (socket: Socket) => Context | undefined;
  /** True for a client that wants to be told the `traceparent` of the events it is sent, in their first argument. Default: none. */
  readonly wants: (socket: Socket) => boolean;
  /** So many clients of one node are told it of one event, at most. Default 10. */
  readonly maxTold: number;
}

/** One event on this node: the span that ends when its sockets have been written to. */
export interface Hop {
  /** The event's context for one more client, where it wants it and not too many have it already. */
  tell(socket: Socket): string | undefined;
  end(recipients: number): void;
}

/**
 * The way of events from node to node, as spans: where they are sent and, as what they cause, once on each node that serves
 * them. Semantic conventions for messaging, with the room's template for a destination. What is not sampled makes none.
 */
export class EventTracing {
  protected readonly options: TracingOptions;

  constructor(options: Partial<TracingOptions>) {
    this.options = {
      template: () => '{room}',
      namesRooms: false,
      contextOf: () => undefined,
      wants: () => false,
      maxTold: 10,
      ...options,
    };
  }

  /**
   * Records `work` as the sending of an event, where what has caused it is recorded: the event is to carry the `traceparent`
   * that `work` is then given. `receiptOf`: of what is logged.
   */
  send<T>(
    rooms: readonly string[],
    work: (traceparent?: string) => Promise<T>,
    receiptOf?: (result: T) => LogReceipt,
  ): Promise<T> {
    if (recorded() === undefined) return work();
    const template = this.#templateOf(rooms);
    const attributes = this.#attributes('send', template, rooms);
    return traced(tracer, `send ${template}`, { kind: SpanKind.PRODUCER, attributes }, async (own) => {
      const result = await work(own?.traceparent);
      if (receiptOf !== undefined) {
        const { position, duplicate } = receiptOf(result);
        own?.span.setAttributes({ 'messaging.message.id': position, 'sluice.duplicate': duplicate });
      }
      return result;
    });
  }

  /** Begins what this node does with an event, where its sender was recorded and told in `traceparent`. */
  hop(
    traceparent: string | undefined,
    rooms: readonly string[],
    position: Position | undefined,
  ): Hop | undefined {
    const sender = traceparent === undefined ? undefined : parseTraceparent(traceparent);
    if (sender === undefined) return undefined;
    const template = this.#templateOf(rooms);
    const attributes = {
      ...this.#attributes('process', template, rooms),
      ...(position !== undefined && { 'messaging.message.id': position }),
    };
    const options = { kind: SpanKind.CONSUMER, attributes, links: [{ context: sender }] };
    const own = enter(tracer, `process ${template}`, options, sender);
    if (own === undefined) return undefined;
    const { wants, maxTold } = this.options;
    let told = 0;
    return {
      tell: (socket) => (told < maxTold && wants(socket) && (told += 1) > 0 ? own.traceparent : undefined),
      end(recipients) {
        own.span.setAttribute('sluice.recipients', recipients);
        own.end();
      },
    };
  }

  #templateOf(rooms: readonly string[]): string {
    const [first, ...others] = rooms;
    if (first === undefined) return '{namespace}';
    return others.length > 0 ? '{rooms}' : this.options.template(first);
  }

  #attributes(operation: 'send' | 'process', template: string, rooms: readonly string[]): Attributes {
    return {
      'messaging.system': 'sluice',
      'messaging.operation.name': operation,
      'messaging.operation.type': operation,
      'messaging.destination.template': template,
      ...(this.options.namesRooms && rooms.length > 0 && { 'messaging.destination.name': rooms.join(',') }),
    };
  }
}
