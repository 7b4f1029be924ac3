import { expect, test } from '@jest/globals';
import { tableRows } from '@sluice/testkit';
import { clusterErrors } from '../src/errors.ts';

test('docs/errors.md has every code of npm start, and no other', () => {
  const expected = Object.entries(clusterErrors).map(([code, { text, retryable }]) => [
    code,
    [retryable ? 'yes' : 'no', text],
  ]);
  expect([...tableRows('docs/errors.md', 'What `npm start` says')]).toEqual(expected);
});
