import type { Clock } from '@sluice/kernel';
import type { TraceSpan } from './otlp-spans.ts';

type TraceKind = 'message' | 'connection';

/** What came of one trace since it was last told of. */
export interface TracePart {
  readonly traceId: string;
  readonly kind: TraceKind;
  /** The earliest start of its first part, in milliseconds since the epoch. */
  readonly beganAtMs: number;
  /** Whether another part of it was told before. */
  readonly isLater: boolean;
  readonly spans: readonly TraceSpan[];
  /** How many more spans came than are kept of one trace. */
  readonly omitted: number;
  /** The name of a span of this or an earlier part. */
  readonly nameOf: (spanId: string) => string | undefined;
}

export interface TraceAssemblyDependencies {
  readonly clock: Clock;
  /** Returns whether it wants to be told of later parts. */
  readonly onPart: (part: TracePart) => boolean;
}

export interface TraceAssemblyLimits {
  /** A trace is told when nothing has come of it for this long. */
  readonly quietMs: number;
  /** A trace that is never quiet is told of this often. */
  readonly patienceMs: number;
  /** A trace of which nothing has come for this long after that is forgotten. */
  readonly keepMs: number;
  readonly maxTraces: number;
  readonly maxSpansPerTrace: number;
}

export interface TraceAssembly {
  add(spans: readonly TraceSpan[]): void;
  /** Tells at once what would be told later. */
  flush(): void;
}

const defaults: TraceAssemblyLimits = {
  // Pages send what they have each second, gateways more often (OTEL_BSP_SCHEDULE_DELAY).
  quietMs: 1_500,
  patienceMs: 5_000,
  keepMs: 60_000,
  maxTraces: 500,
  maxSpansPerTrace: 200,
};

/** What makes a trace worth telling, by the name of a span in it. The others (a room joined, a token) are passed over. */
const kinds: ReadonlyMap<string, TraceKind> = new Map([
  ['send message:send', 'message'],
  ['process message:send', 'message'],
  ['connect', 'connection'],
]);

interface Trace {
  readonly traceId: string;
  kind: TraceKind | undefined;
  /** Undefined until its first part is told. */
  beganAtMs: number | undefined;
  /** By id, of every span so far: exporters repeat what they believe lost. */
  readonly names: Map<string, string>;
  waiting: TraceSpan[];
  /** Since when something of it waits to be told, its kind being known. */
  waitingSinceMs: number;
  omitted: number;
  isWanted: boolean;
  cancelTimer: () => void;
}

/** Puts together the traces of messages and connections, whose spans come one by one, from several processes. */
export function createTraceAssembly(
  { clock, onPart }: TraceAssemblyDependencies,
  limits: Partial<TraceAssemblyLimits> = {},
): TraceAssembly {
  const { quietMs, patienceMs, keepMs, maxTraces, maxSpansPerTrace } = { ...defaults, ...limits };
  const traces = new Map<string, Trace>();

  const traceOf = (traceId: string): Trace => {
    const known = traces.get(traceId);
    if (known !== undefined) return known;
    const [oldest] = traces.values();
    if (oldest !== undefined && traces.size >= maxTraces) forget(oldest);
    const trace: Trace = {
      traceId,
      kind: undefined,
      beganAtMs: undefined,
      names: new Map(),
      waiting: [],
      waitingSinceMs: 0,
      omitted: 0,
      isWanted: true,
      cancelTimer: () => undefined,
    };
    traces.set(traceId, trace);
    return trace;
  };

  const keep = (trace: Trace, span: TraceSpan): void => {
    if (!trace.isWanted || trace.names.has(span.spanId)) return;
    if (trace.names.size >= maxSpansPerTrace) {
      trace.omitted += 1;
      return;
    }
    trace.names.set(span.spanId, span.name);
    const isKnown = trace.kind !== undefined;
    trace.kind ??= kinds.get(span.name);
    if (!isKnown || trace.waiting.length === 0) trace.waitingSinceMs = clock.now();
    trace.waiting.push(span);
  };

  const tell = (trace: Trace): void => {
    const { traceId, kind, waiting: spans, omitted, names } = trace;
    if (kind === undefined || spans.length === 0) return;
    const isLater = trace.beganAtMs !== undefined;
    trace.beganAtMs ??= Math.min(...spans.map(({ startMs }) => startMs));
    trace.waiting = [];
    trace.omitted = 0;
    const { beganAtMs } = trace;
    const nameOf = (spanId: string): string | undefined => names.get(spanId);
    trace.isWanted = onPart({ traceId, kind, beganAtMs, isLater, spans, omitted, nameOf });
  };

  const forget = (trace: Trace): void => {
    trace.cancelTimer();
    traces.delete(trace.traceId);
    tell(trace);
  };

  const settle = (trace: Trace): void => {
    tell(trace);
    // Also one of no known kind: the span that says it may be the last to end.
    trace.cancelTimer = clock.schedule(keepMs, () => forget(trace));
  };

  return {
    add(spans) {
      const touched = new Set<Trace>();
      for (const span of spans) {
        const trace = traceOf(span.traceId);
        keep(trace, span);
        touched.add(trace);
      }
      for (const trace of touched) {
        // One that gave way to another of the same batch.
        if (traces.get(trace.traceId) !== trace) continue;
        trace.cancelTimer();
        const isWaiting = trace.kind !== undefined && trace.waiting.length > 0;
        const dueInMs = isWaiting ? trace.waitingSinceMs + patienceMs - clock.now() : quietMs;
        trace.cancelTimer = clock.schedule(Math.max(0, Math.min(quietMs, dueInMs)), () => settle(trace));
      }
    },
    flush() {
      for (const trace of traces.values()) forget(trace);
    },
  };
}
