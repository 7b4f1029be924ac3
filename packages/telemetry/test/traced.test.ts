import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { context, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  SimpleSpanProcessor,
  StackContextManager,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { begin, enter, parseTraceparent, recorded, traced, traceFields, within } from '@sluice/telemetry';

const exporter = new InMemorySpanExporter();
const tracer = trace.getTracer('test');
const parentIn = (flags: string) => parseTraceparent(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-${flags}`);

// Before any is registered: a tracer keeps the provider it has found.
test('without a provider nothing is made and work is done all the same', async () => {
  expect(enter(tracer, 'no', {}, parentIn('01'))).toBeUndefined();
  expect(recorded()).toBeUndefined();
  await expect(traced(tracer, 'no', {}, async () => 'done')).resolves.toBe('done');
  expect(traceFields()).toEqual({});
});

describe('with a provider', () => {
  const provider = new TracerProvider({
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  beforeAll(() => {
    context.setGlobalContextManager(new StackContextManager().enable());
    trace.setGlobalTracerProvider(provider);
  });
  beforeEach(() => exporter.reset());
  afterAll(async () => {
    await provider.shutdown();
    trace.disable();
    context.disable();
  });

  test('what comes from outside is a child of what it names, or its own trace', () => {
    enter(tracer, 'child', {}, parentIn('01'))?.end();
    enter(tracer, 'root', {})?.end();
    const [child, root] = exporter.getFinishedSpans();
    expect(child?.parentSpanContext?.spanId).toBe('b'.repeat(16));
    expect(child?.spanContext().traceId).toBe('a'.repeat(32));
    expect(root?.parentSpanContext).toBeUndefined();
  });

  test('the child of an unsampled parent is nothing, and so is what would be its child', async () => {
    expect(enter(tracer, 'no', {}, parentIn('00'))).toBeUndefined();
    expect(begin(tracer, 'no')).toBeUndefined();
    await expect(traced(tracer, 'no', {}, async (own) => own)).resolves.toBeUndefined();
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  test('a context holds until the first await, and goes on where it is taken along', async () => {
    const own = enter(tracer, 'work', {});
    const seen = await own?.run(async () => {
      const held = recorded();
      await Promise.resolve();
      return { held, after: recorded(), within: within(held, () => recorded()) };
    });
    expect(seen).toEqual({ held: own?.context, after: undefined, within: own?.context });
    expect(context.active()).toBe(ROOT_CONTEXT);
    own?.end();
  });

  test('work ends as it went, and tells of an error its code alone', async () => {
    const own = enter(tracer, 'parent', {});
    const failure = Object.assign(new Error('a secret text'), { code: 'redis_unavailable' });
    const failing = traced(tracer, 'fails', {}, () => Promise.reject(failure), own?.context);
    await expect(failing).rejects.toBe(failure);
    await traced(tracer, 'succeeds', {}, async () => 1, own?.context);
    own?.end(new TypeError('another secret'));
    const spans = exporter.getFinishedSpans();
    expect(spans.map(({ name, status, attributes }) => [name, status, attributes])).toEqual([
      ['fails', { code: SpanStatusCode.ERROR }, { 'error.type': 'redis_unavailable' }],
      ['succeeds', { code: SpanStatusCode.UNSET }, {}],
      ['parent', { code: SpanStatusCode.ERROR }, { 'error.type': 'TypeError' }],
    ]);
    expect(JSON.stringify(spans.map(({ events }) => events))).not.toContain('secret');
    expect(spans[0]?.parentSpanContext?.spanId).toBe(own?.span.spanContext().spanId);
  });

  test('a line of a log is told what it belongs to', () => {
    const own = enter(tracer, 'work', {});
    const { traceId, spanId } = own?.span.spanContext() ?? {};
    expect(own?.run(() => traceFields())).toEqual({ trace_id: traceId, span_id: spanId });
    expect(traceFields()).toEqual({});
    own?.end();
  });
});
