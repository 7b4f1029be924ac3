import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import type { TracingSettings } from './page-tracing.ts';
import type { SendingTrace, Tracing } from './tracing.ts';

/** Sends its spans to the endpoint, also when the page is hidden or left. */
export function startSpanTracing({ endpoint, ratio }: TracingSettings): Tracing {
  const processor = new BatchSpanProcessor({
    exporter: new OTLPTraceExporter({ url: endpoint }),
    scheduledDelayMillis: 1_000,
    // Browsers send at most 64 KiB for a page that is being left.
    maxExportBatchSize: 64,
    maxQueueSize: 512,
  });
  return createSpanTracing(processor, ratio);
}

/** Makes OpenTelemetry's spans of what the page does, `ratio` of the messages it sends, and all that come with a context. */
export function createSpanTracing(processor: SpanProcessor, ratio: number): Tracing {
  const tracer = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'sluice-web' }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [processor],
  }).getTracer('sluice-web');
  const propagator = new W3CTraceContextPropagator();

  return {
    sending(again) {
      const span = tracer.startSpan(
        'send message:send',
        {
          kind: SpanKind.PRODUCER,
          attributes: { ...messaging('send', 'message:send'), ...(again ? { 'sluice.resend': true } : {}) },
        },
        ROOT_CONTEXT,
      );
      const fields: { traceparent?: string } = {};
      // Also where it is not sampled, and says so: nobody on the way decides again.
      propagator.inject(trace.setSpan(ROOT_CONTEXT, span), fields, defaultTextMapSetter);
      const answered: SendingTrace['answered'] = (answer) => {
        if (!answer.ok) fail(span, answer.error.code);
        span.end();
      };
      return { fields, answered };
    },

    hearing(traceparent, take) {
      const delivery = propagator.extract(ROOT_CONTEXT, { traceparent }, defaultTextMapGetter);
      const context = trace.getSpanContext(delivery);
      if (context === undefined) return take();
      const span = tracer.startSpan(
        'process message:new',
        {
          kind: SpanKind.CONSUMER,
          attributes: messaging('process', 'message:new'),
          links: [{ context }],
        },
        delivery,
      );
      try {
        take();
      } catch (error) {
        fail(span, error instanceof Error ? error.name : typeof error);
        throw error;
      } finally {
        // React shows what a store's change asks for in a microtask, which is queued by now.
        queueMicrotask(() => span.end());
      }
    },
  };
}

function messaging(operation: 'send' | 'process', event: string): Attributes {
  return {
    'messaging.system': 'socket.io',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.destination.name': event,
  };
}

function fail(span: Span, type: string): void {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
