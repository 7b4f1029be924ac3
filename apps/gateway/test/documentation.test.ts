import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { protocolErrors } from '@sluice/protocol';
import { redisErrors } from '@sluice/redis-core';
import { repositoryPath } from '@sluice/testkit';
import { clusterErrors } from '../../local-cluster/src/errors.ts';
import { variables } from '../src/config.ts';
import { createMetrics } from '../src/metrics.ts';

const page = (path: string): string => readFileSync(repositoryPath(path), 'utf8');

/** The cells of every row of a page's tables whose first cell is code, by that code. */
function rows(path: string): Map<string, string[]> {
  const cells = page(path)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return new Map(cells.map(([name = '', ...rest]) => [name.replaceAll('`', ''), rest]));
}

function defaultOf(name: keyof typeof variables): string {
  if (name === 'WEB_ROOT') return '`apps/web/dist`';
  const result = variables[name].safeParse(undefined);
  if (!result.success || result.data === undefined) return '';
  const text = String(result.data);
  return text === '' ? '' : `\`${text}\``;
}

describe('docs/configuration.md', () => {
  const documented = rows('docs/configuration.md');

  test('has every variable that is read, and no other', () => {
    expect([...documented.keys()].toSorted()).toEqual(Object.keys(variables).toSorted());
  });

  test.each(Object.keys(variables) as (keyof typeof variables)[])(
    'says of %s what the schema says',
    (name) => {
      expect(documented.get(name)).toEqual([defaultOf(name), variables[name].description]);
    },
  );
});

describe('docs/errors.md', () => {
  const documented = rows('docs/errors.md');
  const tables = { ...protocolErrors, ...redisErrors, ...clusterErrors };

  test('has every code of the tables, and no other', () => {
    expect([...documented.keys()].toSorted()).toEqual(Object.keys(tables).toSorted());
  });

  test.each(Object.entries(tables))('says of %s what its table says', (code, { text, retryable }) => {
    expect(documented.get(code)).toEqual([retryable ? 'yes' : 'no', text]);
  });
});

describe('docs/operations.md', () => {
  test('has every metric of ours, with its labels', async () => {
    const documented = rows('docs/operations.md');
    const metrics = createMetrics();
    metrics.observe({ connections: () => 0, rooms: () => 0, ready: () => true }, {
      inventory: () => [],
      commands: { outstanding: 0 },
    } as unknown as Parameters<typeof metrics.observe>[1]);
    const ours = (await metrics.registry.getMetricsAsJSON())
      .map(({ name }) => name)
      .filter((name) => name.startsWith('sluice_'));
    expect([...documented.keys()].filter((name) => name.startsWith('sluice_')).toSorted()).toEqual(
      ours.toSorted(),
    );
  });
});
