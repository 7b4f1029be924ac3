import { describe, expect, test } from '@jest/globals';
import { readSpans } from '../../src/trace/otlp-spans.ts';
import { exportRequest, spanId, spansOf, traceId } from './otlp.ts';

describe('spans in JSON', () => {
  test('are read with their ids, times, attributes, links and errors', () => {
    const [span] = spansOf({
      name: 'send room:{room}',
      id: 'b',
      parent: 'c',
      on: 'gateway-2',
      at: 0.25,
      took: 1.5,
      attributes: { 'messaging.message.id': '1-0', 'sluice.duplicate': true, 'sluice.recipients': 3 },
      links: [{ trace: 'd', id: 'e' }],
      status: { code: 2, message: 'unavailable' },
    });
    expect(span).toMatchObject({
      traceId: traceId(),
      spanId: spanId('b'),
      parentId: spanId('c'),
      name: 'send room:{room}',
      process: 'gateway-2',
      links: [{ traceId: traceId('d'), spanId: spanId('e') }],
      error: 'unavailable',
    });
    expect(span?.startMs).toBeCloseTo(1_763_760_000_000.25, 2);
    expect((span?.endMs ?? 0) - (span?.startMs ?? 0)).toBeCloseTo(1.5, 2);
    expect(Object.fromEntries(span?.attributes ?? [])).toEqual({
      'messaging.message.id': '1-0',
      'sluice.duplicate': true,
      'sluice.recipients': 3,
    });
  });

  test('carry the name by which a person knows their process', () => {
    const processes = ['browser', 'gateway-3'].flatMap((on) => spansOf({ name: 'x', id: '1', on }));
    expect(processes.map(({ process }) => process)).toEqual(['browser', 'gateway-3']);
    const [resource] = (exportRequest([{ name: 'x', id: '1' }]) as { resourceSpans: object[] }).resourceSpans;
    const nameless = readSpans({ resourceSpans: [{ ...resource, resource: undefined }] });
    expect(nameless?.spans).toMatchObject([{ process: 'unknown' }]);
  });

  test('may have 64-bit integers as text, as protobuf writes them', () => {
    const text = JSON.stringify(
      exportRequest([{ name: 'x', id: '1', attributes: { 'sluice.recipients': 12 } }]),
    );
    const read = readSpans(JSON.parse(text.replace('"intValue":12', '"intValue":"12"')));
    expect(read?.spans[0]?.attributes.get('sluice.recipients')).toBe(12);
  });

  test('that cannot be understood are counted, and the others kept', () => {
    const good = { name: 'x', id: '1' };
    const bad = [
      { name: 'x', id: 'not an id' },
      { name: 'x', id: '2', took: -1 },
      { name: 'x'.repeat(1_000), id: '3' },
    ];
    expect(readSpans(exportRequest([good, ...bad]))).toMatchObject({ spans: [{ name: 'x' }], rejected: 3 });
  });

  test.each([undefined, null, 7, 'text', [], { resourceSpans: {} }])('are not in %j', (request) => {
    expect(readSpans(request)).toBeUndefined();
  });

  test('are none where a request has none, whatever else it has', () => {
    const requests = [
      {},
      { resourceSpans: [] },
      { resourceSpans: [null, 1, { resource: 5, scopeSpans: 'x' }] },
      { resourceSpans: [{ resource: { attributes: [{ key: 1 }, null] }, scopeSpans: [{ spans: {} }] }] },
    ];
    for (const request of requests) expect(readSpans(request)).toEqual({ spans: [], rejected: 0 });
  });
});
