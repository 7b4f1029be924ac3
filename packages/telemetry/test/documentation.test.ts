import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { repositoryPath } from '@sluice/testkit';

test('docs/telemetry.md is what the catalogue says', async () => {
  const script = repositoryPath('packages/telemetry/catalogue-docs.mjs');
  // Rejects, with what the script says, where it is not.
  const { stderr } = await promisify(execFile)(process.execPath, [script, '--check']);
  expect(stderr).toBe('');
});
