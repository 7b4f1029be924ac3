import { describe, expect, test } from '@jest/globals';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { collectSpans } from './collected-spans.ts';
import { settled } from './fixtures.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const refused = { ok: false, error: { code: 'unavailable', message: 'for ann', retryable: true } } as const;

describe('sending a message', () => {
  test('is a span from when it is handed over to its answer, and the message carries its context', () => {
    const { tracing, spans } = collectSpans();
    const { fields, answered } = tracing.sending(false);
    expect(spans).toEqual([]);
    answered({ ok: true });
    const [span] = spans;
    expect(span).toMatchObject({
      name: 'send message:send',
      kind: SpanKind.PRODUCER,
      parentSpanContext: undefined,
      status: { code: SpanStatusCode.UNSET },
      resource: { attributes: { 'service.name': 'sluice-web' } },
    });
    expect(span?.attributes).toEqual({
      'messaging.system': 'socket.io',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'message:send',
    });
    const context = span?.spanContext();
    expect(fields).toEqual({ traceparent: `00-${context?.traceId}-${context?.spanId}-01` });
  });

  test('that failed says with which code, and with no word more', () => {
    const { tracing, spans } = collectSpans();
    tracing.sending(false).answered(refused);
    expect(spans).toMatchObject([
      { status: { code: SpanStatusCode.ERROR }, attributes: { 'error.type': 'unavailable' } },
    ]);
    expect(spans[0]?.status.message).toBeUndefined();
    expect(spans[0]?.events).toEqual([]);
  });

  test('again is another span, and says so', () => {
    const { tracing, spans } = collectSpans();
    tracing.sending(false).answered(refused);
    tracing.sending(true).answered({ ok: true });
    expect(spans.map(({ attributes }) => attributes['sluice.resend'])).toEqual([undefined, true]);
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(2);
  });

  test('that is not sampled leaves no span, and the message says so to whoever comes after', () => {
    const { tracing, spans } = collectSpans(0);
    const { fields, answered } = tracing.sending(false);
    answered(refused);
    expect(fields.traceparent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
    expect(spans).toEqual([]);
  });
});

describe('hearing a message', () => {
  test('is a span that follows from its delivery, whatever share of its own this page samples', async () => {
    const { tracing, spans } = collectSpans(0);
    tracing.hearing(`00-${traceId}-${spanId}-01`, () => undefined);
    await settled();
    const [span] = spans;
    expect(span).toMatchObject({
      name: 'process message:new',
      kind: SpanKind.CONSUMER,
      parentSpanContext: { traceId, spanId, isRemote: true },
      links: [{ context: { traceId, spanId } }],
      status: { code: SpanStatusCode.UNSET },
    });
    expect(span?.spanContext().traceId).toBe(traceId);
    expect(span?.attributes).toEqual({
      'messaging.system': 'socket.io',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'message:new',
    });
  });

  test('ends when what it changed has been shown', async () => {
    const { tracing, spans } = collectSpans();
    let endedBeforeShown: number | undefined;
    tracing.hearing(`00-${traceId}-${spanId}-01`, () => {
      queueMicrotask(() => {
        endedBeforeShown = spans.length;
      });
    });
    await settled();
    expect(endedBeforeShown).toBe(0);
    expect(spans).toHaveLength(1);
  });

  test('that fails says with what kind of error, and fails all the same', async () => {
    const { tracing, spans } = collectSpans();
    const take = (): void => {
      throw new TypeError('about ann');
    };
    expect(() => tracing.hearing(`00-${traceId}-${spanId}-01`, take)).toThrow('about ann');
    await settled();
    expect(spans).toMatchObject([
      { status: { code: SpanStatusCode.ERROR }, attributes: { 'error.type': 'TypeError' } },
    ]);
    expect(spans[0]?.status.message).toBeUndefined();
  });

  test.each([
    ['is not traced', undefined],
    ['is not sampled', `00-${traceId}-${spanId}-00`],
    ['carries garbage', 'garbage'],
    ['carries the context of nothing', `00-${'0'.repeat(32)}-${spanId}-01`],
  ])('that %s leaves no span', async (_, traceparent) => {
    const { tracing, spans } = collectSpans();
    let taken = 0;
    tracing.hearing(traceparent, () => {
      taken += 1;
    });
    await settled();
    expect(taken).toBe(1);
    expect(spans).toEqual([]);
  });
});
