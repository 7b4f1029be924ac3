import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { repositoryPath } from '@sluice/testkit';

const run = promisify(execFile);

test('package-lock.json names the packages of every platform, or npm ci would refuse it', async () => {
  const script = repositoryPath('infra/setup/complete-lock-file.mjs');
  // Rejects with what is missing.
  expect(await run(process.execPath, [script, '--check'])).toEqual({ stdout: '', stderr: '' });
});
