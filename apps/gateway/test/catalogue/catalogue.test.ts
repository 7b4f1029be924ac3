import { afterAll, describe, expect, test } from '@jest/globals';
import { logCatalogue, metricCatalogue, spanCatalogue } from '@sluice/telemetry';
import { openScope, withScope, type Driver } from '@sluice/testkit';
import { coverageOf, duesOf } from './coverage.ts';
import {
  logProvocations,
  metricProvocations,
  scenes,
  spanProvocations,
  type SceneName,
} from './provocations.ts';
import { plays } from './scenes.ts';
import { openStage, type Stage } from './stage.ts';

const catalogue = { metrics: metricCatalogue, spans: spanCatalogue, logs: logCatalogue };
const dues = duesOf(catalogue, {
  metrics: metricProvocations,
  spans: spanProvocations,
  logs: logProvocations,
});
const drivers: readonly Driver[] = ['lanes', 'streams', 'sharded-pubsub'];
const names = Object.keys(scenes) as SceneName[];

describe.each(drivers)('everything that the catalogue names is provoked over %s and seen', (driver) => {
  const own = openScope(afterAll);
  const played = names.filter((name) => (scenes[name] as readonly Driver[]).includes(driver));
  let opening: Promise<Stage> | undefined;
  const stage = (): Promise<Stage> =>
    (opening ??= openStage(
      own,
      driver,
      dues.filter((due) => due.driver === driver),
    ));

  test.each(played)('%s', async (name) => {
    const set = await stage();
    await withScope(async (scene) => {
      await set.observatory.begin(name);
      await plays[name]({ ...set, scope: scene });
      await expect(set.observatory.untilSeen()).resolves.toBeUndefined();
    });
  });

  test('and nothing else is seen', async () => {
    expect([...(await stage()).observatory.strays]).toEqual([]);
  });
});

test('the monitoring coverage is 100 %', () => {
  const { share, missing, table } = coverageOf(catalogue, dues);
  process.stdout.write(`\n${table}\n\n`);
  expect(missing).toEqual([]);
  expect(share).toBe(1);
});
