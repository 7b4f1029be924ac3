import { describe, expect, test } from '@jest/globals';
import { protocolErrors } from '@sluice/protocol';
import { redisErrors } from '@sluice/redis-core';
import { tableRows } from '@sluice/testkit';
import { variables } from '../src/config.ts';
import { createMetrics } from '../src/metrics.ts';

function defaultOf(name: keyof typeof variables): string {
  if (name === 'WEB_ROOT') return '`apps/web/dist`';
  const result = variables[name].safeParse(undefined);
  if (!result.success || result.data === undefined) return '';
  const text = String(result.data);
  return text === '' ? '' : `\`${text}\``;
}

test('docs/configuration.md says of every variable what the schema says, and knows no other', () => {
  const names = Object.keys(variables) as (keyof typeof variables)[];
  const expected = names.map((name) => [name, [defaultOf(name), variables[name].description]]);
  expect([...tableRows('docs/configuration.md', 'Variables')]).toEqual(expected);
});

describe('docs/errors.md', () => {
  test.each([
    ['What a client meets', protocolErrors],
    ['What operators meet in logs', redisErrors],
  ])('has every code under "%s", and no other', (heading, table) => {
    const expected = Object.entries(table).map(([code, { text, retryable }]) => [
      code,
      [retryable ? 'yes' : 'no', text],
    ]);
    expect([...tableRows('docs/errors.md', heading)]).toEqual(expected);
  });
});

test('docs/operations.md has every metric of ours with its labels, and no other', () => {
  const metrics = createMetrics();
  metrics.observe({ connections: () => 0, rooms: () => 0, ready: () => true }, {
    inventory: () => [],
    commands: { outstanding: 0 },
  } as unknown as Parameters<typeof metrics.observe>[1]);
  const ours = metrics.registry.getMetricsAsArray() as unknown as {
    name: string;
    labelNames: string[];
  }[];
  const expected = ours
    .filter(({ name }) => name.startsWith('sluice_'))
    .map(({ name, labelNames }) => [name, labelNames.map((label) => `\`${label}\``).join(', ')]);
  const documented = [...tableRows('docs/operations.md', 'Metrics')].map(([name, [labels]]) => [
    name,
    labels,
  ]);
  expect(documented.toSorted()).toEqual(expected.toSorted());
});
