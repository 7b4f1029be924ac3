import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { repositoryPath } from '@sluice/testkit';
import { readVariable, scenarioNames, scenarios } from '../catalogue.mjs';

test('every scenario has a script, and every script is in the catalogue', () => {
  const scripts = readdirSync(repositoryPath('loadtests/scenarios')).map((name) => name.replace(/\.ts$/, ''));
  expect(scripts.toSorted()).toEqual(scenarioNames.toSorted());
});

test('every scenario claims to catch what its members check whatever they do', () => {
  for (const { catches } of Object.values(scenarios)) {
    expect(catches).toEqual(expect.arrayContaining(['drop', 'repeat', 'swap', 'misplace']));
  }
});

test('docs/loadtesting.md is what the catalogue says', async () => {
  const script = repositoryPath('loadtests/catalogue-docs.mjs');
  // Rejects, with what the script says, where it is not.
  const { stderr } = await promisify(execFile)(process.execPath, [script, '--check']);
  expect(stderr).toBe('');
});

describe('a variable', () => {
  const count = { kind: 'count', default: 7 } as const;
  const share = { kind: 'share', default: 0.5 } as const;
  const factor = { kind: 'factor', default: 1.1 } as const;

  test.each([
    [count, undefined, 7],
    [count, '', 7],
    [count, '0', 0],
    [count, '120', 120],
    [share, '1', 1],
    [share, '0.25', 0.25],
    [share, '.25', 0.25],
    [factor, '2.5', 2.5],
    [factor, '0', 0],
  ])('%j, given %j, is %j', (variable, text, value) => {
    expect(readVariable('X', variable, text)).toBe(value);
  });

  test.each([
    [count, '1.5'],
    [count, '-1'],
    [count, ' '],
    [count, '1e3'],
    [share, '1.01'],
    [share, '2'],
    [share, 'half'],
    [factor, '-1'],
    [factor, '1.'],
  ])('%j may not be %j', (variable, text) => {
    expect(() => readVariable('X', variable, text)).toThrow(`X=${text} is not `);
  });
});
