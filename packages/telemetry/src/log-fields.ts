import { context, isSpanContextValid, trace } from '@opentelemetry/api';

/** For each line of a log: what it was caused by, where that is recorded. Names as OpenTelemetry has them for JSON logs. */
export function traceFields(): { readonly trace_id?: string; readonly span_id?: string } {
  const spanContext = trace.getSpanContext(context.active());
  if (spanContext === undefined || !isSpanContextValid(spanContext)) return {};
  return { trace_id: spanContext.traceId, span_id: spanContext.spanId };
}
