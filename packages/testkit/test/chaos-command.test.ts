import { afterEach, expect, test } from '@jest/globals';
import { openScope, repositoryPath, spawnChild } from '@sluice/testkit';

const scope = openScope(afterEach);

async function chaos(...args: string[]) {
  const child = await spawnChild(scope, {
    name: 'chaos',
    command: process.execPath,
    args: [repositoryPath('packages/testkit/chaos.mjs'), ...args],
  });
  const { code } = await child.exited;
  return { code, output: child.output.entries.map(({ text }) => text).join('\n') };
}

test('explains its options', async () => {
  const { code, output } = await chaos('--help');
  expect(code).toBe(0);
  for (const option of ['--seed', '--minutes', '--driver', '--nodes']) expect(output).toContain(option);
});

test('names everything that is wrong with its options', async () => {
  const { code, output } = await chaos('--seed', 'x', '--nodes', '9', '--minutes', '', '--driver', 'pigeons');
  expect(code).toBe(64);
  expect(output).toContain('--seed must be a number from 0 to 4000000000, not "x"');
  expect(output).toContain('--nodes must be a number from 2 to 4, not "9"');
  expect(output).toContain('--minutes must be a number from 0.05 to 10000, not ""');
  expect(output).toContain('--driver must be one of lanes, streams, sharded-pubsub, not "pigeons"');
  expect((await chaos('--sed', '1')).output).toContain("Unknown option '--sed'");
});
