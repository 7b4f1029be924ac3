import { readMetrics, type OtlpMetric, type WireMetrics } from './otlp-metric.ts';
import type { OtlpProtobuf } from './otlp-protobuf.ts';
import { readSpans, type OtlpSpan, type WireTraces } from './otlp-span.ts';

export type OtlpSignal = 'traces' | 'metrics' | 'logs';

export type OtlpEncoding = keyof typeof otlpTypes;

export interface OtlpContent {
  readonly spans: readonly OtlpSpan[];
  readonly metrics: readonly OtlpMetric[];
}

/** The types of body that OTLP over HTTP knows. */
export const otlpTypes = { protobuf: 'application/x-protobuf', json: 'application/json' } as const;

/** Reads an export request; throws where it is none. What is in logs is not looked at. */
export function readOtlp(
  protobuf: OtlpProtobuf,
  signal: OtlpSignal,
  encoding: OtlpEncoding,
  body: Buffer,
): OtlpContent {
  const content = { spans: [], metrics: [] };
  if (signal === 'logs') return content;
  const request = encoding === 'json' ? parseObject(body) : protobuf.decode(signal, body);
  return signal === 'traces'
    ? { ...content, spans: readSpans(request as WireTraces) }
    : { ...content, metrics: readMetrics(request as WireMetrics) };
}

function parseObject(body: Buffer): object {
  const value: unknown = JSON.parse(body.toString('utf8'));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError('the body has to be a JSON object');
  }
  return value;
}
