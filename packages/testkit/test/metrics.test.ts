import { expect, test } from '@jest/globals';
import { metricTotal, parseMetrics } from '@sluice/testkit';

test('reads the Prometheus text format', () => {
  const samples = parseMetrics(
    [
      '# HELP failed Requests that failed.',
      '# TYPE failed counter',
      'failed{code="too_large",event="a"} 2',
      'failed{code="too_large",event="b\\"{}"} 3',
      'failed{code="internal"} 1e3',
      'up 1',
      '',
    ].join('\n'),
  );
  expect(metricTotal(samples, 'failed')).toBe(1005);
  expect(metricTotal(samples, 'failed', { code: 'too_large' })).toBe(5);
  expect(metricTotal(samples, 'up')).toBe(1);
  expect(metricTotal(samples, 'none')).toBe(0);
  expect(samples[1]?.labels).toEqual({ code: 'too_large', event: 'b\\"{}' });
});
