import { expect, test } from '@jest/globals';
import { parseTelemetrySettings, type TelemetrySettings } from '@sluice/telemetry';

function settings(environment: Record<string, string>): TelemetrySettings {
  const result = parseTelemetrySettings(environment);
  if (result.kind === 'faulty') throw new Error(result.faults.join('\n'));
  return result.settings;
}

function faults(environment: Record<string, string>): readonly string[] {
  const result = parseTelemetrySettings(environment);
  return result.kind === 'faulty' ? result.faults : [];
}

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

test('nothing is sent where nothing says where to', () => {
  expect(settings({})).toMatchObject({
    traces: undefined,
    metrics: undefined,
    sampler: { kind: 'always_on' },
    metricIntervalMs: 60_000,
    resourceAttributes: {},
  });
});

test.each<[Record<string, string>, Partial<TelemetrySettings>]>([
  [endpoint, { traces: 'http/protobuf', metrics: 'http/protobuf' }],
  [
    { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
    { traces: 'http/json', metrics: 'http/json' },
  ],
  [
    {
      ...endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf',
    },
    { traces: 'http/protobuf', metrics: 'http/json' },
  ],
  [
    { ...endpoint, OTEL_METRICS_EXPORTER: 'none' },
    { traces: 'http/protobuf', metrics: undefined },
  ],
  [
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://t.example/x' },
    { traces: 'http/protobuf', metrics: undefined },
  ],
  [{ OTEL_METRICS_EXPORTER: 'otlp' }, { traces: undefined, metrics: 'http/protobuf' }],
  [
    { ...endpoint, OTEL_SDK_DISABLED: 'True' },
    { traces: undefined, metrics: undefined },
  ],
  [{ ...endpoint, OTEL_SDK_DISABLED: 'no' }, { traces: 'http/protobuf' }],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, { sampler: { kind: 'always_off' } }],
  [
    { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' },
    { sampler: { kind: 'traceidratio', ratio: 0.01 } },
  ],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio' }, { sampler: { kind: 'traceidratio', ratio: 1 } }],
  [
    { OTEL_SERVICE_NAME: ' chat ', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=prod,note=a%2Cb' },
    { serviceName: 'chat', resourceAttributes: { 'deployment.environment.name': 'prod', note: 'a,b' } },
  ],
  [{ OTEL_BSP_SCHEDULE_DELAY: '', OTEL_METRIC_EXPORT_INTERVAL: '500' }, { metricIntervalMs: 500 }],
])('%j', (environment, expected) => {
  expect(settings(environment)).toMatchObject(expected);
});

test('every fault is told at once, by name, and no value is repeated', () => {
  const secret = 'secret-value';
  const found = faults({
    OTEL_EXPORTER_OTLP_ENDPOINT: secret,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://user:${secret}@collector:port/v1/traces`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_TRACES_EXPORTER: secret,
    OTEL_TRACES_SAMPLER: secret,
    OTEL_BSP_MAX_QUEUE_SIZE: '0',
    OTEL_METRIC_EXPORT_INTERVAL: '1.5',
    OTEL_RESOURCE_ATTRIBUTES: `${secret},=x,bad=%zz`,
  });
  expect(found.map((fault) => fault.slice(0, fault.indexOf(':'))).toSorted()).toEqual([
    'OTEL_BSP_MAX_QUEUE_SIZE',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_EXPORTER_OTLP_PROTOCOL',
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    'OTEL_METRIC_EXPORT_INTERVAL',
    'OTEL_RESOURCE_ATTRIBUTES',
    'OTEL_TRACES_EXPORTER',
    'OTEL_TRACES_SAMPLER',
  ]);
  expect(found.join('\n')).not.toContain(secret);
  expect(found.join('\n')).toContain('gRPC is not supported');
  expect(faults({ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' })).toHaveLength(1);
});
