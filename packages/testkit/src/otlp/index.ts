export * from './collector.ts';
export type { OtlpAttributes, OtlpValue } from './otlp-attributes.ts';
export type { OtlpDistribution, OtlpMetric, OtlpPoint } from './otlp-metric.ts';
export * from './otlp-receiver.ts';
export type { OtlpSpan } from './otlp-span.ts';
export type { OtlpSignal } from './read-otlp.ts';
export { traceTree } from './trace-tree.ts';
