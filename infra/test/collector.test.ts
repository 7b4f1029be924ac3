import { expect, test } from '@jest/globals';
import { collectorProgram, repositoryPath } from '@sluice/testkit';

test('the Collector is looked for where it is built to', async () => {
  const setup = (await import(repositoryPath('infra/setup/collector.mjs'))) as { collectorPath(): string };
  expect(collectorProgram()).toBe(setup.collectorPath());
});
