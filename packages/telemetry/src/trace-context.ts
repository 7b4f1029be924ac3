import { isSpanContextValid, TraceFlags, type SpanContext } from '@opentelemetry/api';

// W3C Trace Context, level 2, section 3.2: version 00 has exactly these fields; later versions may append more.
const traceparentText = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-.*)?$/;
const longestTraceparent = 256;

/** The span that a `traceparent` names; undefined for anything that is none, whatever it is. */
export function parseTraceparent(value: unknown): SpanContext | undefined {
  if (typeof value !== 'string' || value.length > longestTraceparent) return undefined;
  const [, version, traceId = '', spanId = '', flags = ''] = traceparentText.exec(value) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && value.length !== 55))
    return undefined;
  const spanContext: SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
  };
  return isSpanContextValid(spanContext) ? spanContext : undefined;
}

/** `00-<trace id>-<span id>-<flags>`. */
export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, '0')}`;
}
