import type { Context, Link, SpanContext } from '@opentelemetry/api';
import { begin, enter, parseTraceparent, traced, type Traced } from '@sluice/telemetry';
import type { Socket } from 'socket.io';
import { EventTracing, tracer } from '../event-tracing.ts';
import type { Header } from './envelope.ts';

// Also what the SDK keeps of a span's links.
const maxLinks = 128;

/** The way of events over the log, and of clients that come back and read it, as spans. */
export class LanesTracing extends EventTracing {
  /** The context of an event that a client has missed, where it wants it. */
  missed({ t }: Header, socket: Socket): string | undefined {
    return t !== undefined && this.options.wants(socket) ? t : undefined;
  }

  contextOf(socket: Socket): Context | undefined {
    return this.options.contextOf(socket);
  }

  /** Records `work` as part of what admits a socket. */
  recover<T>(socket: Socket, work: (own: Traced | undefined) => Promise<T>): Promise<T> {
    return traced(tracer, 'recover', {}, work, this.options.contextOf(socket));
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
    const admission = this.options.contextOf(socket);
    if (admission !== undefined) begin(tracer, 'replay', options, admission)?.end();
    else if (contexts.length > 0) enter(tracer, 'replay', options, contexts[0])?.end();
  }

  /** Records that a client which had been too slow has been served from the log. */
  resumed(count: number, senders: ReadonlySet<string>, startTime: number): void {
    enter(tracer, 'resume', replayOptions(count, spanContexts(senders), startTime))?.end();
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
  const links: Link[] = contexts.map((context) => ({ context }));
  return { attributes: { 'sluice.replay.events': count }, links, startTime };
}
