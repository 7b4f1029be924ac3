import { describe, expect, test } from '@jest/globals';
import {
  logCatalogue,
  metricCatalogue,
  spanCatalogue,
  type LogEntry,
  type MetricEntry,
} from '@sluice/telemetry';
import { coverageOf, duesOf, type Catalogue, type Provocations } from './coverage.ts';
import {
  logProvocations,
  metricProvocations,
  spanProvocations,
  type MetricProvocations,
  type SpanProvocations,
} from './provocations.ts';

const catalogue: Catalogue = { metrics: metricCatalogue, spans: spanCatalogue, logs: logCatalogue };
const provocations: Provocations = {
  metrics: metricProvocations,
  spans: spanProvocations,
  logs: logProvocations,
};
const size = Object.keys(metricCatalogue).length + spanCatalogue.length + logCatalogue.length;

/** The coverage of a run in which everything that is provoked is seen. */
function coverageWhereAllIsSeen(whole: Catalogue): ReturnType<typeof coverageOf> {
  const dues = duesOf(whole, provocations);
  for (const { places, seen } of dues) for (const place of places) seen.add(place);
  return coverageOf(whole, dues);
}

const metric: MetricEntry = { ...metricCatalogue.joined, name: 'sluice_new_total' };
const line: LogEntry = { signal: 'log', level: 'info', message: 'something new', fields: [] };

test('all that is in the catalogue is provoked, and nothing else', () => {
  expect(coverageWhereAllIsSeen(catalogue)).toMatchObject({ share: 1, missing: [] });
  expect(Object.keys(metricProvocations)).toEqual(Object.keys(metricCatalogue));
  expect(Object.keys(spanProvocations).toSorted()).toEqual(spanCatalogue.map(({ name }) => name).toSorted());
  expect(Object.keys(logProvocations).toSorted()).toEqual(
    logCatalogue.map(({ message }) => message).toSorted(),
  );
});

describe('an entry that is added without anything that provokes it', () => {
  const nowhere = ['lanes', 'streams', 'sharded-pubsub'];

  test.each<[string, Catalogue, string, readonly string[]]>([
    ['a metric', { ...catalogue, metrics: { ...metricCatalogue, added: metric } }, metric.name, nowhere],
    [
      'a metric of one driver',
      { ...catalogue, metrics: { ...metricCatalogue, added: { ...metric, only: 'lanes' } } },
      metric.name,
      ['lanes'],
    ],
    [
      'a span',
      { ...catalogue, spans: [...spanCatalogue, { ...spanCatalogue[0], name: 'new' }] },
      'new',
      nowhere,
    ],
    ['a line of the log', { ...catalogue, logs: [...logCatalogue, line] }, line.message, ['lanes']],
  ])('is named, and the coverage is not 100 %%: %s', (_, more, name, drivers) => {
    const { share, missing, table } = coverageWhereAllIsSeen(more);
    expect(missing).toEqual(drivers.map((driver) => `${name}: nothing provokes it over ${driver}`));
    expect(share).toBe(size / (size + 1));
    expect(table).toMatch(new RegExp(`^${name} .* -$`, 'm'));
    expect(table).toContain(`${size} of ${size + 1} entries`);
    expect(table).not.toContain('100 %');
  });
});

test('an entry that is provoked and not seen everywhere is named, with what is missing', () => {
  const dues = duesOf(catalogue, provocations);
  for (const { entry, driver, places, seen } of dues) {
    const isUnseen = entry === metricCatalogue.upgraded && driver === 'streams';
    for (const place of places) if (!isUnseen || place === '/metrics') seen.add(place);
  }
  const { share, missing, table } = coverageOf(catalogue, dues);
  expect(missing).toEqual([
    'sluice_transport_upgrades_total {}: in scene "visits" over streams not seen in OTLP',
  ]);
  expect(share).toBe((size - 1) / size);
  expect(table).toMatch(/^sluice_transport_upgrades_total .* lanes, sharded-pubsub$/m);
});

test('an entry without a provocation does not compile', () => {
  const { connections: _metric, ...metrics } = metricProvocations;
  const { connect: _span, ...spans } = spanProvocations;
  // @ts-expect-error One metric is missing.
  const lacking: MetricProvocations = metrics;
  // @ts-expect-error One span is missing.
  const lackingToo: SpanProvocations = spans;
  expect([lacking, lackingToo]).toEqual([metrics, spans]);
});
