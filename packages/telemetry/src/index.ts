export { formatTraceparent, parseTraceparent } from './trace-context.ts';
export { begin, ending, enter, recorded, Traced, traced, within } from './traced.ts';
export {
  parseTelemetrySettings,
  type TelemetryResult,
  type TelemetrySettings,
} from './telemetry-settings.ts';
export {
  createTelemetry,
  type ExportCounts,
  type TelemetryDependencies,
  type TelemetryIdentity,
} from './create-telemetry.ts';
export { createInstruments, type Instruments } from './instruments.ts';
export type { LabelValues, MetricEntry } from './catalogue/metric-entry.ts';
export * from './catalogue/metric-labels.ts';
export { metricCatalogue } from './catalogue/metrics.ts';
export { spanCatalogue, type SpanEntry } from './catalogue/spans.ts';
export { logCatalogue, type LogEntry } from './catalogue/logs.ts';
export { traceFields } from './log-fields.ts';
export { renderCatalogue } from './catalogue/render-catalogue.ts';
