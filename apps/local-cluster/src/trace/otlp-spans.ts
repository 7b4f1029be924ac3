/** What a tree shows of a span. */
export interface TraceSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly name: string;
  /** The process that recorded it, as a person calls it. */
  readonly process: string;
  /** Milliseconds since the epoch, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: ReadonlyMap<string, AttributeValue>;
  readonly links: readonly SpanLink[];
  /** Undefined where it did not fail. May be empty. */
  readonly error: string | undefined;
}

export type AttributeValue = string | number | boolean;

interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
}

export interface SpansRead {
  readonly spans: readonly TraceSpan[];
  /** How many were not understood. */
  readonly rejected: number;
}

type Fields = Readonly<Record<string, unknown>>;

// Whoever reaches the receiver fills this process's memory: what no span of ours has is not kept.
const maxTextLength = 256;
const maxAttributes = 64;
const maxLinks = 256;
/** STATUS_CODE_ERROR of the protocol's `Status`. */
const statusError = 2;

/**
 * The spans of an ExportTraceServiceRequest in the JSON encoding of OTLP 1 (ids in hexadecimal, enumerations as
 * numbers, 64-bit integers as text or numbers). Undefined where `request` is no such thing.
 */
export function readSpans(request: unknown): SpansRead | undefined {
  if (!isFields(request)) return undefined;
  const { resourceSpans = [] } = request;
  if (!Array.isArray(resourceSpans)) return undefined;
  const read = fieldsOf(resourceSpans).flatMap(({ resource, scopeSpans }) => {
    const process = processOf(isFields(resource) ? resource : {});
    const spans = fieldsOf(scopeSpans).flatMap((scope) => fieldsOf(scope['spans']));
    return spans.map((span) => readSpan(span, process));
  });
  const spans = read.filter((span) => span !== undefined);
  return { spans, rejected: read.length - spans.length };
}

function readSpan(span: Fields, process: string): TraceSpan | undefined {
  const traceId = idOf(span['traceId'], 32);
  const spanId = idOf(span['spanId'], 16);
  const name = textOf(span['name']);
  const startMs = Number(span['startTimeUnixNano']) / 1e6;
  const endMs = Number(span['endTimeUnixNano']) / 1e6;
  if (traceId === undefined || spanId === undefined || name === undefined) return undefined;
  if (!(startMs > 0 && endMs >= startMs && Number.isFinite(endMs))) return undefined;
  return {
    traceId,
    spanId,
    parentId: idOf(span['parentSpanId'], 16),
    name,
    process,
    startMs,
    endMs,
    attributes: attributesOf(span['attributes']),
    links: fieldsOf(span['links']).slice(0, maxLinks).flatMap(readLink),
    error: errorOf(span['status']),
  };
}

function readLink(link: Fields): SpanLink[] {
  const traceId = idOf(link['traceId'], 32);
  const spanId = idOf(link['spanId'], 16);
  return traceId === undefined || spanId === undefined ? [] : [{ traceId, spanId }];
}

/** `gateway-2` rather than `sluice-gateway`, which they all are. A page has no name to tell it from another. */
function processOf(resource: Fields): string {
  const attributes = attributesOf(resource['attributes']);
  const service = attributes.get('service.name');
  if (service === 'sluice-web') return 'browser';
  return String(attributes.get('service.instance.id') ?? service ?? 'unknown');
}

function errorOf(status: unknown): string | undefined {
  if (!isFields(status) || status['code'] !== statusError) return undefined;
  return textOf(status['message']) ?? '';
}

function attributesOf(list: unknown): Map<string, AttributeValue> {
  const entries = fieldsOf(list)
    .slice(0, maxAttributes)
    .flatMap(({ key, value }): Array<[string, AttributeValue]> => {
      const name = textOf(key);
      const scalar = isFields(value) ? scalarOf(value) : undefined;
      return name === undefined || scalar === undefined ? [] : [[name, scalar]];
    });
  return new Map(entries);
}

/** Lists and maps are left out: nothing of them is shown. */
function scalarOf({ stringValue, intValue, doubleValue, boolValue }: Fields): AttributeValue | undefined {
  const number = Number(intValue ?? doubleValue);
  if (!Number.isNaN(number)) return number;
  return typeof boolValue === 'boolean' ? boolValue : textOf(stringValue);
}

function idOf(value: unknown, length: number): string | undefined {
  return typeof value === 'string' && value.length === length && /^[\da-f]+$/i.test(value)
    ? value.toLowerCase()
    : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= maxTextLength ? value : undefined;
}

function fieldsOf(list: unknown): Fields[] {
  return Array.isArray(list) ? list.filter(isFields) : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
