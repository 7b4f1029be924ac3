import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { openScope } from '@sluice/testkit';
import { Recording } from '../src/k6/recording.ts';

const scope = openScope(afterEach);

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-recording-'));
  scope.onClose(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'k6.ndjson');
}

function line(event: string, data: unknown): string {
  return `${JSON.stringify({ event, data })}\n`;
}

const aggregates = {
  counter: ['count', 'rate'],
  gauge: ['value'],
  rate: ['rate'],
  trend: ['avg', 'max', 'med', 'min', 'p(90)', 'p(95)', 'p(99)'],
};

test('reads seconds while they are written, with the metrics that there are by then, in the order of their names', () => {
  const path = temporaryFile();
  const recording = new Recording(path);
  expect(recording.read()).toEqual([]);

  appendFileSync(path, line('param', { aggregates, period: 1_000 }));
  appendFileSync(path, line('metric', { time: { type: 'gauge' } }));
  appendFileSync(path, line('start', [[1_000]]));
  appendFileSync(
    path,
    line('metric', { sluice_sent: { type: 'counter' }, sluice_ack_ms: { type: 'trend' } }),
  );
  appendFileSync(path, line('cumulative', [[1, 9, 1, 1, 1, 1, 1], [2, 2], [2_000]]));
  const snapshot = line('snapshot', [[3, 9, 2, 1, 7, 8, 9], [2, 2], [2_000]]);
  // Half of a line has been written so far.
  appendFileSync(path, snapshot.slice(0, 20));
  expect(recording.read()).toEqual([]);

  appendFileSync(path, snapshot.slice(20));
  appendFileSync(path, line('metric', { sluice_lost: { type: 'counter' } }));
  // Nothing was acknowledged in this one.
  appendFileSync(path, line('snapshot', [[], [1, 1], [4, 4], [3_000]]));
  appendFileSync(path, line('threshold', { sluice_lost: ['count==0'] }));
  const frames = recording.read();
  expect(frames.map(({ timeMs }) => timeMs)).toEqual([2_000, 3_000]);
  expect(frames[0]?.metrics.get('sluice_ack_ms')).toMatchObject({ avg: 3, max: 9, med: 2, 'p(95)': 8 });
  expect(frames[0]?.metrics.get('sluice_sent')).toEqual({ count: 2, rate: 2 });
  expect(frames[1]?.metrics.get('sluice_ack_ms')).toBeUndefined();
  expect(frames[1]?.metrics.get('sluice_lost')).toEqual({ count: 1, rate: 1 });
  expect(recording.read()).toEqual([]);
  expect(recording.frames).toEqual(frames);
});
