import {
  context,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api';
import { formatTraceparent } from './trace-context.ts';

// Attribute of the semantic conventions: a low-cardinality name of what went wrong.
const errorType = 'error.type';

/**
 * A piece of work that is recorded, with the context that what it causes belongs to. Contexts hold for a synchronous stretch
 * alone (docs/adr/0009): work that goes on after an `await` goes on in {@link Traced.run}.
 */
export class Traced {
  readonly span: Span;
  readonly context: Context;

  constructor(span: Span, parent: Context) {
    this.span = span;
    this.context = trace.setSpan(parent, span);
  }

  get traceparent(): string {
    return formatTraceparent(this.span.spanContext());
  }

  /** What `work` begins before its first `await` belongs to this. */
  run<T>(work: () => T): T {
    return context.with(this.context, work);
  }

  /** Ends it, as failed where there is an error: with its code or its class, never with its text, which may hold data. */
  end(error?: unknown): void {
    if (error !== undefined) this.fail(error);
    this.span.end();
  }

  fail(error: unknown): void {
    this.span.setAttribute(errorType, errorTypeOf(error)).setStatus({ code: SpanStatusCode.ERROR });
  }
}

/**
 * Begins what comes from outside: as a child of what it names, or as a trace of its own where it names nothing. Undefined,
 * and nothing is made, where that parent is not sampled or the sampler does not want it: from there on nothing is.
 * @param attributes asked for where it is recorded, since mostly it is not
 */
export function enter(
  tracer: Tracer,
  name: string,
  options: SpanOptions,
  parent?: SpanContext,
  attributes?: () => Attributes,
): Traced | undefined {
  if (parent !== undefined && (parent.traceFlags & TraceFlags.SAMPLED) === 0) return undefined;
  const before = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
  const span = tracer.startSpan(name, options, before);
  if (!span.isRecording()) return undefined;
  if (attributes !== undefined) span.setAttributes(attributes());
  return new Traced(span, before);
}

/** The context that holds now, where it is recorded. */
export function recorded(): Context | undefined {
  const active = context.active();
  return active !== ROOT_CONTEXT && trace.getSpan(active)?.isRecording() === true ? active : undefined;
}

/** Begins a child of what is recorded now, or of `parent`; undefined where nothing is. */
export function begin(
  tracer: Tracer,
  name: string,
  options: SpanOptions = {},
  parent: Context | undefined = recorded(),
): Traced | undefined {
  return parent === undefined ? undefined : new Traced(tracer.startSpan(name, options, parent), parent);
}

/** Runs `work` as a recorded child of `parent`; as it is where nothing is recorded. */
export function traced<T>(
  tracer: Tracer,
  name: string,
  options: SpanOptions,
  work: (own: Traced | undefined) => Promise<T>,
  parent: Context | undefined = recorded(),
): Promise<T> {
  const own = begin(tracer, name, options, parent);
  return own === undefined
    ? work(undefined)
    : ending(
        own,
        own.run(() => work(own)),
      );
}

/** Ends `own` with `work`, as it went. */
export async function ending<T>(own: Traced, work: Promise<T>): Promise<T> {
  try {
    const result = await work;
    own.end();
    return result;
  } catch (error) {
    own.end(error);
    throw error;
  }
}

/** Runs `work` in `held`, where there is one: the way on after an `await`. */
export function within<T>(held: Context | undefined, work: () => T): T {
  return held === undefined ? work() : context.with(held, work);
}

function errorTypeOf(error: unknown): string {
  if (typeof error === 'string') return error;
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : '_OTHER';
}
