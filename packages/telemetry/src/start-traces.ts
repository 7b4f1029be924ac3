import { context, trace, type MeterProvider } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';
import { withoutAnswer } from './export-fault.ts';
import { createRecordingContextManager } from './recording-context-manager.ts';
import { RedisSpans } from './redis-spans.ts';
import type { SamplerSettings, TelemetrySettings } from './telemetry-settings.ts';

/** Registers a tracer provider and a context manager. Returns what sends the rest and ends it. */
export function startTraces(
  { traces, sampler, spans }: TelemetrySettings,
  resource: Resource,
  selfObsMeterProvider: MeterProvider,
): () => Promise<void> {
  const inner = traces === 'http/json' ? new JsonExporter() : new ProtobufExporter();
  const exporter: SpanExporter = {
    export: (batch, done) => inner.export(batch, (result) => done(withoutAnswer(result))),
    forceFlush: () => inner.forceFlush(),
    shutdown: () => inner.shutdown(),
  };
  const provider = new TracerProvider({
    resource,
    sampler: new ParentBasedSampler({ root: createSampler(sampler) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        selfObsMeterProvider,
        ...(spans.delayMs !== undefined && { scheduledDelayMillis: spans.delayMs }),
        ...(spans.timeoutMs !== undefined && { exportTimeoutMillis: spans.timeoutMs }),
        ...(spans.maxQueued !== undefined && { maxQueueSize: spans.maxQueued }),
        ...(spans.maxBatch !== undefined && { maxExportBatchSize: spans.maxBatch }),
      }),
    ],
  });
  context.setGlobalContextManager(createRecordingContextManager(new RedisSpans()).enable());
  trace.setGlobalTracerProvider(provider);
  return () => provider.shutdown();
}

function createSampler(settings: SamplerSettings): Sampler {
  switch (settings.kind) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(settings.ratio);
  }
}
