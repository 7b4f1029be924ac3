import { expect, test } from '@jest/globals';
import { createInstruments, oneOf } from '@sluice/telemetry';
import { Registry } from 'prom-client';
import { createMetricBridge } from '../src/metric-bridge.ts';
import { counter, gauge, histogram } from '../src/catalogue/metric-entry.ts';

const catalogue = {
  plain: counter('sluice_plain_total', 'Counts', {}),
  two: counter('sluice_two_total', 'Counts by two', { a: ['x', 'y'], b: ['1', '2'] }),
  size: gauge('sluice_size_bytes', 'Is so large', { of: ['this', 'that'] }),
  took: histogram('sluice_took_seconds', 'Takes so long', [0.1, 1], { way: ['there', 'back'] }),
} as const;

test('what is counted is at /metrics and in the bridge, the same', async () => {
  const registry = new Registry();
  const { plain, two, size, took } = createInstruments(catalogue, registry);
  plain.inc({});
  plain.inc({}, 4);
  two.inc({ a: 'x', b: '2' }, 2);
  two.inc({ a: 'x', b: '2' });
  let bytes = 7;
  size.collect((set) => set({ of: 'this' }, bytes));
  for (const value of [0.05, 0.5, 0.7, 20]) took.observe({ way: 'there' }, value);
  bytes = 9;
  const text = await registry.metrics();
  expect(text.split('\n')).toEqual(
    expect.arrayContaining([
      'sluice_plain_total 5',
      'sluice_two_total{a="x",b="2"} 3',
      // Every series there can be is there from the beginning: what happens first is an increase too.
      'sluice_two_total{a="y",b="1"} 0',
      'sluice_size_bytes{of="this"} 9',
      'sluice_took_seconds_bucket{le="1",way="there"} 3',
      'sluice_took_seconds_count{way="back"} 0',
    ]),
  );
  const { resourceMetrics } = await createMetricBridge(registry).collect();
  const [scope] = resourceMetrics.scopeMetrics;
  const exported = new Map(scope?.metrics.map((one) => [one.descriptor.name, one]));
  expect(exported.get('sluice_plain_total')).toMatchObject({
    isMonotonic: true,
    dataPoints: [{ value: 5, attributes: {} }],
  });
  expect(exported.get('sluice_size_bytes')).toMatchObject({
    descriptor: { unit: 'By', description: 'Is so large' },
    dataPoints: [{ value: 9, attributes: { of: 'this' } }],
  });
  const took1 = exported.get('sluice_took_seconds');
  expect(took1).toMatchObject({ descriptor: { unit: 's' } });
  expect(took1?.dataPoints).toContainEqual(
    expect.objectContaining({
      attributes: { way: 'there' },
      value: { sum: 21.25, count: 4, buckets: { boundaries: [0.1, 1], counts: [1, 2, 1] } },
    }),
  );
  // The process's own, as everywhere else.
  expect(exported.has('process_cpu_seconds_total')).toBe(true);
});

test('where nothing is to be counted nobody is asked', () => {
  const { plain, size, took } = createInstruments(catalogue, undefined);
  plain.inc({});
  took.observe({ way: 'there' }, 1);
  let asked = false;
  size.collect(() => {
    asked = true;
  });
  expect(asked).toBe(false);
});

test('what is on no list is counted as what stands for it', () => {
  expect(oneOf(['a', 'b', 'other'], 'b', 'other')).toBe('b');
  expect(oneOf(['a', 'b', 'other'], 'from outside', 'other')).toBe('other');
});
