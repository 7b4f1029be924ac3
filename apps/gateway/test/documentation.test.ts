import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { adapterErrors, logErrors } from '@sluice/cluster-adapter';
import { protocolErrors } from '@sluice/protocol';
import { redisErrors } from '@sluice/redis-core';
import { repositoryPath, tableRows } from '@sluice/testkit';
import { variables } from '../src/config.ts';

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
    ['What the log says', logErrors],
    ['What the adapter says', adapterErrors],
  ])('has every code under "%s", and no other', (heading, table) => {
    const expected = Object.entries(table).map(([code, { text, retryable }]) => [
      code,
      [retryable ? 'yes' : 'no', text],
    ]);
    expect([...tableRows('docs/errors.md', heading)]).toEqual(expected);
  });
});

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(repositoryPath('docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** GitHub's name of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\- ]/gu, '')
    .replaceAll(' ', '-');
}

function hasHeading(path: string, anchor: string): boolean {
  const headings = readFileSync(repositoryPath(path), 'utf8').matchAll(/^#+ (.+)$/gm);
  return [...headings].some(([, heading = '']) => anchorOf(heading) === anchor);
}

test.each(pages)('%s points only to what is there', (page) => {
  const text = readFileSync(repositoryPath(page), 'utf8');
  const links = [...text.matchAll(/\]\((?!\w+:)([^)#\s]*)#?([^)\s]*)\)/g)];
  const dead = links.filter(([, path = '', anchor = '']) => {
    const target = path === '' ? page : join(dirname(page), path);
    return !existsSync(repositoryPath(target)) || (anchor !== '' && !hasHeading(target, anchor));
  });
  const paths = [...text.matchAll(/`((?:apps|packages|infra|loadtests|docs)\/[\w./-]+)`/g)];
  const gone = paths.filter(([, path = '']) => !existsSync(repositoryPath(path)));
  expect([...dead, ...gone].map(([link]) => link)).toEqual([]);
});

describe('docs/guarantees.md', () => {
  const page = readFileSync(repositoryPath('docs/guarantees.md'), 'utf8').replaceAll(/\n +/g, ' ');
  const proofs = [...page.matchAll(/^- \[`([^`]+\.test\.ts)`\]\([^)]+\): (.+)$/gm)];

  test.each(proofs.map(([, path = '', names = '']) => [path, names] as const))(
    'names tests that are in %s',
    (path, names) => {
      const source = readFileSync(repositoryPath(path), 'utf8');
      const quoted = [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name);
      expect(quoted).not.toEqual([]);
      expect(quoted.filter((name) => !source.includes(name))).toEqual([]);
    },
  );

  test('proves each guarantee', () => {
    const guarantees = page.split(/^(?=## )/m).filter((section) => /^## \d/.test(section));
    expect(guarantees).toHaveLength(8);
    const unproved = guarantees.filter((section) => !section.includes('.test.ts`](../'));
    expect(unproved).toEqual([]);
  });
});
