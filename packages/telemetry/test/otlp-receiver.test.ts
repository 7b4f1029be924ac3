import { afterEach, describe, expect, test } from '@jest/globals';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPMetricExporter as MetricsInJson } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as MetricsInProtobuf } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as TracesInJson } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as TracesInProtobuf } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { openScope, startOtlpReceiver, type OtlpRequest } from '@sluice/testkit';

const scope = openScope(afterEach);
const resource = resourceFromAttributes({
  'service.name': 'sluice-gateway',
  'service.instance.id': 'gateway-1',
});

describe.each([
  ['protobuf', TracesInProtobuf, MetricsInProtobuf, 'application/x-protobuf'],
  ['JSON', TracesInJson, MetricsInJson, 'application/json'],
])("the tests' receiver understands the SDK's exporters in %s", (_, TraceExporter, MetricExporter, type) => {
  test.each(['none', 'gzip'])('spans, with compression %s', async (compression) => {
    const receiver = await startOtlpReceiver(scope);
    process.env['OTEL_EXPORTER_OTLP_COMPRESSION'] = compression;
    scope.onClose(() => delete process.env['OTEL_EXPORTER_OTLP_COMPRESSION']);
    const exporter = new TraceExporter({ url: `${receiver.url}/v1/traces` });
    const provider = new TracerProvider({
      resource,
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    });
    scope.onClose(() => provider.shutdown());
    const tracer = provider.getTracer('sluice', '1.2.3');

    const start: [number, number] = [1_700_000_000, 123_456_789];
    const end: [number, number] = [1_700_000_001, 1];
    const parent = tracer.startSpan('send message:send', { kind: SpanKind.PRODUCER, startTime: start });
    const child = tracer.startSpan(
      'process room:{room}',
      {
        kind: SpanKind.CONSUMER,
        startTime: start,
        links: [{ context: parent.spanContext(), attributes: { hop: 1 } }],
        attributes: { text: 'ä', integer: -3, float: 0.25, yes: true, no: false, zero: 0, list: ['a', 'b'] },
      },
      trace.setSpan(ROOT_CONTEXT, parent),
    );
    child.addEvent('late', { byMs: 5 }, end);
    child.setStatus({ code: SpanStatusCode.ERROR, message: 'gone' });
    child.end(end);
    parent.end(end);
    await provider.forceFlush();

    const { traceId, spanId } = parent.spanContext();
    expect(receiver.spans.entries).toHaveLength(2);
    const named = Object.fromEntries(receiver.spans.entries.map((span) => [span.name, span]));
    expect(named['send message:send']).toMatchObject({
      traceId,
      spanId,
      parentSpanId: undefined,
      kind: 'PRODUCER',
      attributes: {},
      links: [],
      status: { code: 'UNSET', message: '' },
    });
    expect(named['process room:{room}']).toEqual({
      traceId,
      spanId: child.spanContext().spanId,
      parentSpanId: spanId,
      name: 'process room:{room}',
      kind: 'CONSUMER',
      startNs: 1_700_000_000_123_456_789n,
      endNs: 1_700_000_001_000_000_001n,
      attributes: { text: 'ä', integer: -3, float: 0.25, yes: true, no: false, zero: 0, list: ['a', 'b'] },
      events: [{ name: 'late', timeNs: 1_700_000_001_000_000_001n, attributes: { byMs: 5 } }],
      links: [{ traceId, spanId, attributes: { hop: 1 } }],
      status: { code: 'ERROR', message: 'gone' },
      resource: { 'service.name': 'sluice-gateway', 'service.instance.id': 'gateway-1' },
      scope: { name: 'sluice', version: '1.2.3' },
    });
    expect(receiver.bodies.some((body) => body.includes('process room:{room}'))).toBe(true);
    const { headers } = receiver.requests.entries[0] as OtlpRequest;
    expect(headers['content-type']).toBe(type);
    expect(headers['content-encoding'] ?? 'none').toBe(compression);
  });

  test('metrics', async () => {
    const receiver = await startOtlpReceiver(scope);
    const exporter = new MetricExporter({ url: `${receiver.url}/v1/metrics` });
    const reader = new PeriodicExportingMetricReader({ exporter });
    const provider = new MeterProvider({ resource, readers: [reader] });
    scope.onClose(() => provider.shutdown());
    const meter = provider.getMeter('sluice');
    meter.createCounter('sent', { description: 'What was sent.', unit: '{message}' }).add(3, { event: 'a' });
    meter.createGauge('depth').record(0);
    const advice = { explicitBucketBoundaries: [1, 10] };
    meter.createHistogram('latency', { unit: 's', advice }).record(5);
    await provider.forceFlush();

    const named = Object.fromEntries(receiver.metrics.entries.map((metric) => [metric.name, metric]));
    expect(named['sent']).toMatchObject({
      description: 'What was sent.',
      unit: '{message}',
      kind: 'sum',
      monotonic: true,
      temporality: 'CUMULATIVE',
      points: [{ attributes: { event: 'a' }, value: 3 }],
      resource: { 'service.instance.id': 'gateway-1' },
      scope: { name: 'sluice' },
    });
    expect(named['depth']).toMatchObject({ kind: 'gauge', points: [{ value: 0 }] });
    expect(named['latency']).toMatchObject({
      kind: 'histogram',
      points: [{ value: { count: 1, sum: 5, bounds: [1, 10], bucketCounts: [0, 1, 0] } }],
    });
  });
});

test('an exporter tries again while the receiver refuses', async () => {
  const receiver = await startOtlpReceiver(scope);
  receiver.refuse();
  const exporter = new TracesInProtobuf({ url: `${receiver.url}/v1/traces` });
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  scope.onClose(() => provider.shutdown());
  provider.getTracer('sluice').startSpan('patient').end();
  await receiver.requests.until((requests) => requests.some(({ status }) => status === 503));
  receiver.heal();
  const arrived = receiver.spans.until((spans) => spans.find(({ name }) => name === 'patient'));
  expect(await arrived).toMatchObject({ kind: 'INTERNAL' });
});
