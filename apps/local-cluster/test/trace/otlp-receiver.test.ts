import { afterAll, afterEach, expect, test } from '@jest/globals';
import { freePort, openScope } from '@sluice/testkit';
import { createOtlpReceiver } from '../../src/trace/otlp-receiver.ts';
import type { TraceSpan } from '../../src/trace/otlp-spans.ts';
import { exportRequest } from './otlp.ts';

const scope = openScope(afterEach);
// One for each test: `fetch` keeps connections to an address, and notices late that they are closed.
const ports = openScope(afterAll);
const json = { 'content-type': 'application/json' };
const request = JSON.stringify(exportRequest([{ name: 'connect', id: '1' }]));

async function startReceiver(maxBytes?: number) {
  const received: TraceSpan[] = [];
  const address = { host: '127.0.0.1', port: await freePort(ports) };
  const receiver = createOtlpReceiver(
    { onSpans: (spans) => void received.push(...spans) },
    maxBytes === undefined ? { address } : { address, maxBytes },
  );
  await receiver.start(new AbortController().signal);
  scope.onClose(() => receiver.stop(1_000));
  const url = `http://127.0.0.1:${address.port}/v1/traces`;
  const post = async (body: string, headers: Record<string, string> = json, to = url) =>
    await fetch(to, { method: 'POST', headers, body });
  return { received, address, receiver, url, post };
}

test('takes spans in JSON, and says how many it did not understand', async () => {
  const { post, received } = await startReceiver();
  const taken = await post(request, { 'content-type': 'application/json; charset=utf-8' });
  expect([taken.status, await taken.json()]).toEqual([200, {}]);
  expect(received.map(({ name }) => name)).toEqual(['connect']);
  const half = await post(JSON.stringify(exportRequest([{ name: 'connect', id: 'bad id' }])));
  expect([half.status, await half.json()]).toMatchObject([200, { partialSuccess: { rejectedSpans: '1' } }]);
  expect(received).toHaveLength(1);
});

test('refuses what is no export of spans, says why, and goes on', async () => {
  const { post, url, received } = await startReceiver(2_000);
  const protobuf = { 'content-type': 'application/x-protobuf' };
  const answers = await Promise.all([
    post('{"resourceSpans":'),
    post('[]'),
    post(`{"padding":"${'x'.repeat(2_000)}"}`),
    post('x', protobuf),
    post(request, { ...json, 'content-encoding': 'gzip' }),
    post(request, json, url.replace('traces', 'metrics')),
    fetch(url),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([400, 400, 413, 415, 415, 404, 405]);
  const texts = await Promise.all(answers.map((answer) => answer.text()));
  expect(texts[3]).toMatch('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json');
  expect(answers[6]?.headers.get('allow')).toBe('POST, OPTIONS');
  expect((await post(request)).status).toBe(200);
  expect(received).toHaveLength(1);
});

test('lets pages of this machine in, and no others', async () => {
  const { post, url, received } = await startReceiver();
  const preflight = async (origin: string) =>
    await fetch(url, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-y' },
    });
  for (const origin of ['http://localhost:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000']) {
    const { status, headers } = await preflight(origin);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(origin);
    expect(headers.get('access-control-allow-headers')).toBe('x-y');
    const answer = await post(request, { ...json, origin });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
  }
  expect(received).toHaveLength(3);
  for (const origin of ['https://example.org', 'http://localhost.example.org:3000', 'null']) {
    const answers = [await preflight(origin), await post(request, { ...json, origin })];
    expect(answers.map(({ status }) => status)).toEqual([403, 403]);
    expect(answers.map(({ headers }) => headers.get('access-control-allow-origin'))).toEqual([null, null]);
  }
  // What a page may send without asking first.
  expect((await post(request, { 'content-type': 'text/plain' })).status).toBe(415);
  expect(received).toHaveLength(3);
});

test('stops while a sender is still connected, and gives its port back', async () => {
  const { receiver, address, post } = await startReceiver();
  await post(request);
  await receiver.stop(1_000);
  await expect(post(request)).rejects.toThrow('fetch failed');
  const next = createOtlpReceiver({ onSpans: () => undefined }, { address });
  await next.start(new AbortController().signal);
  const rival = createOtlpReceiver({ onSpans: () => undefined }, { address });
  await expect(rival.start(new AbortController().signal)).rejects.toMatchObject({
    code: 'address_unavailable',
  });
  await rival.stop(1_000);
  await next.stop(1_000);
});
