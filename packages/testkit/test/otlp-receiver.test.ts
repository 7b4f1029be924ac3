import { afterEach, describe, expect, test } from '@jest/globals';
import { openScope, startOtlpReceiver, traceTree, within } from '@sluice/testkit';
import { gzipSync } from 'node:zlib';

const scope = openScope(afterEach);

const traceId = '5b8efff798038103d269b633813fc60c';
const spanId = 'eee19b7ec3c1b174';
const json = { 'content-type': 'application/json' };

/** An export request in OTLP/JSON with spans of one node. */
function traces(...spans: object[]): string {
  const resource = { attributes: [{ key: 'service.instance.id', value: { stringValue: 'gateway-1' } }] };
  const scopeSpans = [{ scope: { name: 'test', version: '1' }, spans }];
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans }] });
}

async function post(url: string, body: string | Buffer, headers: Record<string, string> = json) {
  const response = await send(url, { method: 'POST', body: new Uint8Array(Buffer.from(body)), headers });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** Over a connection of its own: one that is kept may lead to a receiver that was on the same port before. */
async function send(url: string, init: RequestInit) {
  const headers = new Headers(init.headers);
  headers.set('connection', 'close');
  return await fetch(url, { ...init, headers });
}

describe('startOtlpReceiver', () => {
  test('reads every kind of value', async () => {
    const receiver = await startOtlpReceiver(scope);
    const attributes = [
      { key: 'string', value: { stringValue: 'ä' } },
      { key: 'integer', value: { intValue: '-7' } },
      { key: 'double', value: { doubleValue: 0.5 } },
      { key: 'infinite', value: { doubleValue: 'Infinity' } },
      { key: 'false', value: { boolValue: false } },
      { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: 1 }] } } },
      { key: 'map', value: { kvlistValue: { values: [{ key: 'inner', value: { boolValue: true } }] } } },
      { key: 'bytes', value: { bytesValue: 'AQI=' } },
      { key: 'nothing', value: {} },
    ];
    const span = {
      traceId: traceId.toUpperCase(),
      spanId,
      parentSpanId: '',
      name: 'send room:{room}',
      kind: 4,
      startTimeUnixNano: '1700000000000000001',
      endTimeUnixNano: '1700000000000000002',
      attributes,
      events: [{ name: 'late', timeUnixNano: '3' }],
      links: [{ traceId, spanId, attributes: [{ key: 'n', value: { intValue: 1 } }] }],
      status: { code: 2, message: 'no' },
      unknown: 'is skipped',
    };
    const answer = await post(`${receiver.url}/v1/traces`, traces(span));
    expect(answer).toMatchObject({ status: 200, text: '{}' });
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(receiver.spans.entries).toEqual([
      {
        traceId,
        spanId,
        parentSpanId: undefined,
        name: 'send room:{room}',
        kind: 'PRODUCER',
        startNs: 1_700_000_000_000_000_001n,
        endNs: 1_700_000_000_000_000_002n,
        attributes: {
          string: 'ä',
          integer: -7,
          double: 0.5,
          infinite: Infinity,
          false: false,
          list: ['a', 1],
          map: { inner: true },
          bytes: 'AQI=',
          nothing: null,
        },
        events: [{ name: 'late', timeNs: 3n, attributes: {} }],
        links: [{ traceId, spanId, attributes: { n: 1 } }],
        status: { code: 'ERROR', message: 'no' },
        resource: { 'service.instance.id': 'gateway-1' },
        scope: { name: 'test', version: '1' },
      },
    ]);
  });

  test('takes gzip, and keeps bodies as they were before', async () => {
    const receiver = await startOtlpReceiver(scope);
    const body = traces({ traceId, spanId, name: 'a secret' });
    const gzip = { ...json, 'content-encoding': 'gzip' };
    expect(await post(`${receiver.url}/v1/traces`, gzipSync(body), gzip)).toMatchObject({ status: 200 });
    expect(receiver.spans.entries).toHaveLength(1);
    expect(receiver.bodies.map(String)).toEqual([body]);
    expect(receiver.requests.entries).toMatchObject([
      { signal: 'traces', status: 200, bytes: gzipSync(body).length },
    ]);
  });

  test.each([
    ['no JSON', '{', json, 400],
    ['no object', '[]', json, 400],
    ['no list of spans', '{"resourceSpans": 1}', json, 400],
    ['an id of half the length', traces({ traceId: spanId, spanId }), json, 400],
    ['an id of zeros', traces({ traceId, spanId: '0'.repeat(16) }), json, 400],
    ['no id', traces({ traceId }), json, 400],
    ['a kind there is not', traces({ traceId, spanId, kind: 9 }), json, 400],
    ['a time that is no number', traces({ traceId, spanId, startTimeUnixNano: 'now' }), json, 400],
    ['no protobuf', '{}', { 'content-type': 'application/x-protobuf' }, 400],
    ['no gzip', '{}', { ...json, 'content-encoding': 'gzip' }, 400],
    ['another compression', '{}', { ...json, 'content-encoding': 'br' }, 415],
    ['another type', '{}', { 'content-type': 'text/plain' }, 415],
  ])('refuses %s, and keeps none of it', async (_, body, headers, status) => {
    const receiver = await startOtlpReceiver(scope);
    const good = { traceId, spanId, name: 'before the bad one' };
    const answer = await post(
      `${receiver.url}/v1/traces`,
      body.replace('"spans":[', `$&${JSON.stringify(good)},`),
      headers,
    );
    expect(answer.status).toBe(status);
    expect(answer.text).not.toBe('');
    expect(receiver.spans.entries).toEqual([]);
    expect(receiver.requests.entries).toMatchObject([{ status }]);
  });

  test('refuses other paths and methods', async () => {
    const receiver = await startOtlpReceiver(scope);
    expect(await post(receiver.url, '{}')).toMatchObject({ status: 404 });
    expect((await send(`${receiver.url}/v1/traces`, {})).status).toBe(405);
  });

  test('accepts logs', async () => {
    const receiver = await startOtlpReceiver(scope);
    expect(await post(`${receiver.url}/v1/logs`, '{"resourceLogs": []}')).toMatchObject({ status: 200 });
    expect(receiver.requests.entries).toMatchObject([{ signal: 'logs' }]);
  });

  test('reads numbers and histograms', async () => {
    const receiver = await startOtlpReceiver(scope);
    const metrics = [
      { name: 'up', gauge: { dataPoints: [{ asDouble: 0 }] } },
      {
        name: 'sent',
        unit: '1',
        sum: { isMonotonic: true, aggregationTemporality: 2, dataPoints: [{ asInt: '3' }] },
      },
      {
        name: 'latency',
        histogram: {
          aggregationTemporality: 2,
          dataPoints: [{ count: '3', sum: 4.5, explicitBounds: [1], bucketCounts: ['1', '2'] }],
        },
      },
    ];
    const body = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] });
    expect(await post(`${receiver.url}/v1/metrics`, body)).toMatchObject({ status: 200 });
    expect(receiver.metrics.entries).toMatchObject([
      { name: 'up', kind: 'gauge', points: [{ value: 0 }] },
      { name: 'sent', unit: '1', kind: 'sum', monotonic: true, points: [{ value: 3 }] },
      {
        name: 'latency',
        kind: 'histogram',
        temporality: 'CUMULATIVE',
        points: [{ value: { count: 3, sum: 4.5, bounds: [1], bucketCounts: [1, 2] } }],
      },
    ]);
    const summary = '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"s","summary":{}}]}]}]}';
    expect(await post(`${receiver.url}/v1/metrics`, summary)).toMatchObject({
      status: 400,
      text: expect.stringContaining('metric \\"s\\"'),
    });
  });

  test('lets web pages send', async () => {
    const receiver = await startOtlpReceiver(scope);
    const preflight = await send(`${receiver.url}/v1/traces`, {
      method: 'OPTIONS',
      headers: { 'access-control-request-headers': 'content-type,x-own' },
    });
    expect(preflight.status).toBe(204);
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type,x-own',
    });
    const { headers } = await post(`${receiver.url}/v1/traces`, '{}');
    expect(headers.get('access-control-allow-origin')).toBe('*');
  });

  test('can be away in every way, and come back', async () => {
    const receiver = await startOtlpReceiver(scope);
    const url = `${receiver.url}/v1/traces`;
    const body = traces({ traceId, spanId });
    receiver.refuse();
    expect(await post(url, body)).toMatchObject({ status: 503 });
    receiver.refuse(429);
    expect(await post(url, body)).toMatchObject({ status: 429 });
    receiver.stall();
    const stalled = post(url, body);
    await receiver.requests.until((requests) => requests.some(({ status }) => status === undefined));
    receiver.heal();
    expect(await post(url, body)).toMatchObject({ status: 200 });
    expect(receiver.spans.entries).toHaveLength(1);
    await Promise.all([expect(within(stalled)).rejects.toThrow('fetch failed'), receiver.close()]);
    await expect(post(url, body)).rejects.toThrow('fetch failed');

    const next = await startOtlpReceiver(scope, { port: receiver.port });
    expect(await post(url, body)).toMatchObject({ status: 200 });
    expect(next.spans.entries).toHaveLength(1);
  });
});

test('traceTree shows who is below whom, and what is missing', async () => {
  const receiver = await startOtlpReceiver(scope);
  const [client, server, other, a, b] = ['1', '2', '3', '4', '5'].map((digit) => digit.repeat(16));
  const body = traces(
    {
      traceId,
      spanId: server,
      parentSpanId: client,
      name: 'child',
      kind: 2,
      status: { code: 2, message: 'bad' },
      startTimeUnixNano: 2e6,
      endTimeUnixNano: 3.5e6,
      links: [{ traceId, spanId: client }],
    },
    { traceId, spanId: client, name: 'root', kind: 3, startTimeUnixNano: 1e6, endTimeUnixNano: 5e6 },
    { traceId, spanId: a, parentSpanId: b, name: 'a', startTimeUnixNano: 4e6, endTimeUnixNano: 4e6 },
    { traceId, spanId: b, parentSpanId: a, name: 'b', startTimeUnixNano: 4e6, endTimeUnixNano: 4e6 },
    {
      traceId: '1'.repeat(32),
      spanId: other,
      parentSpanId: client,
      name: 'stray',
      links: [{ traceId, spanId: a }],
    },
  );
  await post(`${receiver.url}/v1/traces`, body);
  expect(traceTree(receiver.spans.entries).split('\n')).toEqual([
    `trace ${traceId}`,
    '  root  CLIENT  gateway-1  4.0 ms',
    '    child  SERVER  gateway-1  1.5 ms, ERROR bad, link to root',
    '  a  INTERNAL  gateway-1  0.0 ms',
    '    b  INTERNAL  gateway-1  0.0 ms',
    `trace ${'1'.repeat(32)}`,
    `  stray  INTERNAL  gateway-1  0.0 ms, parent ${client} is not here, link to span ${a} of ${traceId}`,
  ]);
  expect(traceTree([])).toBe('no spans');
});
