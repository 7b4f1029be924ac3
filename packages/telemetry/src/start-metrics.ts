import { ExportResultCode } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import {
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import type { TelemetryDependencies } from './create-telemetry.ts';
import { withoutAnswer } from './export-fault.ts';
import { createMetricBridge } from './metric-bridge.ts';
import type { TelemetrySettings } from './telemetry-settings.ts';

/** Exports the registry at intervals. Returns what exports it once more and ends that. */
export function startMetrics(
  { metrics, metricIntervalMs, metricTimeoutMs }: TelemetrySettings,
  resource: Resource,
  { registry, counts }: Pick<TelemetryDependencies, 'registry' | 'counts'>,
): () => Promise<void> {
  const inner = metrics === 'http/json' ? new JsonExporter() : new ProtobufExporter();
  const exporter: PushMetricExporter = {
    export(batch, done) {
      inner.export(batch, (result) => {
        counts.exported('metrics', result.code === ExportResultCode.SUCCESS ? 'ok' : 'failed', 1);
        done(withoutAnswer(result));
      });
    },
    forceFlush: () => inner.forceFlush(),
    selectAggregationTemporality: () => AggregationTemporality.CUMULATIVE,
    shutdown: () => inner.shutdown(),
  };
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: metricIntervalMs,
    exportTimeoutMillis: Math.min(metricTimeoutMs, metricIntervalMs),
    metricProducers: [createMetricBridge(registry)],
  });
  const provider = new MeterProvider({ resource, readers: [reader] });
  return () => provider.shutdown();
}
