import { afterEach, expect, test } from '@jest/globals';
import { collectorAvailable, openScope, startCollector, startOtlpReceiver } from '@sluice/testkit';

const scope = openScope(afterEach);

const config = `
receivers: { otlp: { protocols: { http: } } }
processors: { batch: { timeout: "\${env:BATCH_TIMEOUT}" } }
service: { pipelines: { traces: { receivers: [otlp], processors: [batch], exporters: [otlp_http] } } }
exporters: { otlp_http: { endpoint: "http://trace-store.invalid" } }
`;

const span = {
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: 'eee19b7ec3c1b174',
  parentSpanId: 'eee19b7ec3c1b173',
  name: 'process room:{room}',
  kind: 5,
  startTimeUnixNano: '1700000000000000001',
  endTimeUnixNano: '1700000000000000002',
  attributes: [
    { key: 'sluice.recipients', value: { intValue: '3' } },
    { key: 'sluice.duplicate', value: { boolValue: false } },
    { key: 'text', value: { stringValue: 'ä\n' } },
  ],
  events: [{ name: 'late', timeUnixNano: '3', attributes: [] }],
  links: [{ traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b173' }],
  status: { code: 2, message: 'no' },
};

async function sendSpan({ url }: { readonly url: string }): Promise<void> {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'sluice-gateway' } }] };
  const scopeSpans = [{ scope: { name: 'test', version: '1' }, spans: [span] }];
  const response = await fetch(`${url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans }] }),
  });
  expect(response.status).toBe(200);
}

/** The Collector where this machine could build it, and what tests use in its place where not. */
async function startSink(batchTimeout: string) {
  return collectorAvailable()
    ? await startCollector(scope, { config, env: { BATCH_TIMEOUT: batchTimeout } })
    : await startOtlpReceiver(scope);
}

test('spans come out of the Collector as they come out of our own receiver', async () => {
  const sinks = [await startOtlpReceiver(scope), await startSink('10ms')];
  await Promise.all(sinks.map(sendSpan));
  const [ours, theirs] = await Promise.all(
    sinks.map(({ spans }) => spans.until((entries) => entries.length > 0 && entries)),
  );
  expect(theirs).toEqual(ours);
  expect(theirs).toMatchObject([
    { name: 'process room:{room}', kind: 'CONSUMER', startNs: 1_700_000_000_000_000_001n },
  ]);
});

test('what it still held comes out as it ends', async () => {
  const sink = await startSink('1h');
  await sendSpan(sink);
  await sink.close();
  expect(sink.spans.entries).toMatchObject([{ name: 'process room:{room}' }]);
});

test('says why there is no Collector', async () => {
  const failed = startCollector(scope, { config: 'receivers: { carrier_pigeon: }' });
  const reason = collectorAvailable()
    ? { code: 'child_ended', message: expect.stringContaining('carrier_pigeon') }
    : { code: 'program_missing' };
  await expect(failed).rejects.toMatchObject(reason);
});
