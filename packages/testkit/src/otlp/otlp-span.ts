import { readAttributes, type OtlpAttributes, type WireAttribute } from './otlp-attributes.ts';
import { readId, readOptionalId } from './otlp-id.ts';

const kinds = ['INTERNAL', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const;
const codes = ['UNSET', 'OK', 'ERROR'] as const;

export interface OtlpSpan {
  /** Ids are lower-case hexadecimal. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: (typeof kinds)[number];
  /** Since 1970. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: OtlpAttributes;
  readonly events: ReadonlyArray<{
    readonly name: string;
    readonly timeNs: bigint;
    readonly attributes: OtlpAttributes;
  }>;
  readonly links: ReadonlyArray<{
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes: OtlpAttributes;
  }>;
  readonly status: { readonly code: (typeof codes)[number]; readonly message: string };
  readonly resource: OtlpAttributes;
  /** What made it. */
  readonly scope: { readonly name: string; readonly version: string };
}

/** ExportTraceServiceRequest, as OTLP/JSON and, but for its ids, protobuf have it. */
export interface WireTraces {
  readonly resourceSpans?: ReadonlyArray<{
    readonly resource?: { readonly attributes?: readonly WireAttribute[] };
    readonly scopeSpans?: ReadonlyArray<{
      readonly scope?: { readonly name?: string; readonly version?: string };
      readonly spans?: readonly WireSpan[];
    }>;
  }>;
}

type WireId = string | Uint8Array;

interface WireSpan {
  readonly traceId?: WireId;
  readonly spanId?: WireId;
  readonly parentSpanId?: WireId;
  readonly name?: string;
  readonly kind?: number;
  readonly startTimeUnixNano?: string | number;
  readonly endTimeUnixNano?: string | number;
  readonly attributes?: readonly WireAttribute[];
  readonly events?: ReadonlyArray<{
    readonly name?: string;
    readonly timeUnixNano?: string | number;
    readonly attributes?: readonly WireAttribute[];
  }>;
  readonly links?: ReadonlyArray<{
    readonly traceId?: WireId;
    readonly spanId?: WireId;
    readonly attributes?: readonly WireAttribute[];
  }>;
  readonly status?: { readonly code?: number; readonly message?: string };
}

/** Throws where `request` is not what its type says, which nothing has made sure of. */
export function readSpans(request: WireTraces): OtlpSpan[] {
  return (request.resourceSpans ?? []).flatMap(({ resource, scopeSpans = [] }) => {
    const resourceAttributes = readAttributes(resource?.attributes);
    return scopeSpans.flatMap(({ scope: { name = '', version = '' } = {}, spans = [] }) =>
      spans.map((span) => ({ ...readSpan(span), resource: resourceAttributes, scope: { name, version } })),
    );
  });
}

function readSpan(span: WireSpan): Omit<OtlpSpan, 'resource' | 'scope'> {
  const { kind = 0, status: { code = 0, message = '' } = {} } = span;
  const kindName = kinds[kind];
  const codeName = codes[code];
  if (kindName === undefined) throw new TypeError(`there is no kind ${kind} of span`);
  if (codeName === undefined) throw new TypeError(`there is no status code ${code}`);
  return {
    traceId: readId(16, span.traceId),
    spanId: readId(8, span.spanId),
    parentSpanId: readOptionalId(8, span.parentSpanId),
    name: span.name ?? '',
    kind: kindName,
    startNs: BigInt(span.startTimeUnixNano ?? 0),
    endNs: BigInt(span.endTimeUnixNano ?? 0),
    attributes: readAttributes(span.attributes),
    events: (span.events ?? []).map(({ name = '', timeUnixNano = 0, attributes }) => ({
      name,
      timeNs: BigInt(timeUnixNano),
      attributes: readAttributes(attributes),
    })),
    links: (span.links ?? []).map((link) => ({
      traceId: readId(16, link.traceId),
      spanId: readId(8, link.spanId),
      attributes: readAttributes(link.attributes),
    })),
    status: { code: codeName, message },
  };
}
