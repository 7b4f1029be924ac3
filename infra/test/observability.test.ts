import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { metricCatalogue } from '@sluice/telemetry';
import { openScope, repositoryPath } from '@sluice/testkit';
import { parse } from 'yaml';
import { expressionsOf, readDashboard, type Datasource } from './dashboard.ts';
import { entryOf, metricNames, unknownIn } from './promql.ts';
import { promtool } from './promtool.ts';

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly record?: string;
      readonly alert?: string;
      readonly expr: string;
      readonly labels?: Readonly<Record<string, string>>;
      readonly annotations?: Readonly<Record<string, string>>;
    }[];
  }[];
}

const scope = openScope(afterEach);
const folder = repositoryPath('infra/observability');
const read = (path: string): unknown => parse(readFileSync(join(folder, path), 'utf8'));
const fine = { code: 0, output: expect.stringContaining('SUCCESS') };

describe("Prometheus's configuration", () => {
  const rules = (read('rules.yml') as Rules).groups.flatMap((group) => group.rules);
  const recorded = rules.flatMap(({ record }) => (record === undefined ? [] : [record]));

  test('is valid, with its rules', async () => {
    expect(await promtool(['check', 'config', `${folder}/prometheus.yml`])).toEqual(fine);
    expect(await promtool(['check', 'rules', '--lint-fatal', `${folder}/rules.yml`])).toEqual(fine);
  });

  test('alerts where it should, and nobody where all is well', async () => {
    expect(await promtool(['test', 'rules', `${folder}/rules.test.yml`])).toEqual(fine);
  });

  test('has rules on nothing that does not exist', () => {
    for (const { expr } of rules) {
      expect([expr, unknownIn(expr)]).toEqual([expr, []]);
      const wanted = [...expr.matchAll(/\bjob:\w+:\w+/g)].map(([name]) => name);
      expect(recorded).toEqual(expect.arrayContaining(wanted));
    }
  });

  test('says of each alert how bad it is, what it is and what to do', () => {
    for (const { alert, labels, annotations } of rules.filter((rule) => rule.alert !== undefined)) {
      expect([alert, labels, annotations]).toEqual([
        expect.stringMatching(/^Sluice[A-Z]/),
        { severity: expect.stringMatching(/^(warning|critical)$/) },
        { summary: expect.any(String), description: expect.any(String) },
      ]);
    }
  });
});

describe("Grafana's dashboard", () => {
  const dashboard = readDashboard();
  const expressions = expressionsOf(dashboard);

  test('asks what Prometheus understands', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'sluice-test-promql-')), 'rules.json');
    scope.onClose(() => rmSync(join(path, '..'), { recursive: true }));
    const rules = expressions.map((expr, index) => ({ record: `expression:${index}`, expr }));
    writeFileSync(path, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    expect(await promtool(['check', 'rules', path])).toEqual(fine);
  });

  test('asks for nothing that no gateway has', () => {
    for (const expression of expressions)
      expect([expression, unknownIn(expression)]).toEqual([expression, []]);
  });

  test('leaves nothing out that a gateway has', () => {
    const shown = new Set(expressions.flatMap(metricNames).map((name) => entryOf(name)?.name));
    const all = Object.values(metricCatalogue).map(({ name }) => name);
    expect(all.filter((name) => !shown.has(name))).toEqual([]);
  });

  test('asks sources that are provisioned', () => {
    const { datasources } = read('grafana/datasources/sluice.yaml') as { datasources: Datasource[] };
    const known = datasources.map(({ type, uid }) => ({ type, uid }));
    for (const { datasource, targets = [] } of dashboard.panels) {
      const wanted = [datasource, ...targets.map((target) => target.datasource)].filter(Boolean);
      expect(known).toEqual(expect.arrayContaining(wanted));
    }
  });

  test('has a place of its own for each panel', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });
});

test('an expression with a metric, a label or a value that does not exist is noticed', () => {
  expect(unknownIn('sum by (room) (rate(sluice_events_total{outcome=~"ok|fine", user="ann"}[1m]))')).toEqual([
    'sluice_events_total{outcome="fine"}',
    'sluice_events_total{user="ann"}',
    'room',
  ]);
  expect(unknownIn('sluice_gaps + sluice_gaps_total_bucket + job:sluice_gaps:rate')).toEqual([
    'sluice_gaps',
    'sluice_gaps_total_bucket',
  ]);
});
