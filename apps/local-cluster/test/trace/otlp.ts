import { readSpans, type TraceSpan } from '../../src/trace/otlp-spans.ts';

export interface SpanSketch {
  readonly name: string;
  /** One hexadecimal digit, or more; so are the other ids. */
  readonly id: string;
  readonly parent?: string;
  readonly trace?: string;
  readonly on?: string;
  /** Milliseconds after the trace began. */
  readonly at?: number;
  readonly took?: number;
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
  readonly links?: ReadonlyArray<{ readonly trace?: string; readonly id: string }>;
  readonly status?: { readonly code: number; readonly message?: string };
}

const beganAtMs = 1_763_760_000_000;

export const traceId = (digits = 'a'): string => digits.padEnd(32, digits);
export const spanId = (digits: string): string => digits.padEnd(16, digits);

/** An ExportTraceServiceRequest, as OpenTelemetry's own exporters write it in JSON. */
export function exportRequest(sketches: readonly SpanSketch[]): object {
  return {
    resourceSpans: sketches.map(({ on = 'gateway-1', ...sketch }) => ({
      resource: {
        attributes: attributeList(
          on === 'browser'
            ? { 'service.name': 'sluice-web' }
            : { 'service.name': 'sluice-gateway', 'service.instance.id': on },
        ),
        droppedAttributesCount: 0,
      },
      scopeSpans: [{ scope: { name: 'test' }, spans: [spanFields(sketch)] }],
    })),
  };
}

/** The same, read. */
export function spansOf(...sketches: readonly SpanSketch[]): readonly TraceSpan[] {
  return readSpans(exportRequest(sketches))?.spans ?? [];
}

function spanFields(sketch: Omit<SpanSketch, 'on'>): object {
  const { at = 0, took = 1 } = sketch;
  return {
    traceId: traceId(sketch.trace),
    spanId: spanId(sketch.id),
    ...(sketch.parent === undefined ? {} : { parentSpanId: spanId(sketch.parent) }),
    name: sketch.name,
    kind: 1,
    startTimeUnixNano: nanoseconds(at),
    endTimeUnixNano: nanoseconds(at + took),
    attributes: attributeList(sketch.attributes ?? {}),
    droppedAttributesCount: 0,
    events: [],
    links: sketch.links?.map((link) => ({ traceId: traceId(link.trace), spanId: spanId(link.id) })) ?? [],
    status: sketch.status ?? { code: 0 },
  };
}

function attributeList(attributes: Readonly<Record<string, string | number | boolean>>): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: string | number | boolean): object {
  if (typeof value === 'boolean') return { boolValue: value };
  return typeof value === 'number' ? { intValue: value } : { stringValue: value };
}

/** As text: the number is larger than what JSON's readers hold exactly. */
function nanoseconds(offsetMs: number): string {
  return String(BigInt(beganAtMs) * 1_000_000n + BigInt(Math.round(offsetMs * 1e6)));
}
