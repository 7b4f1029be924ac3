import { afterEach, expect, test } from '@jest/globals';
import { openScope } from '@sluice/testkit';
import type { Controls } from '../src/cluster/cluster-under-test.ts';
import { startControlServer } from '../src/cluster/control-server.ts';

const scope = openScope(afterEach);

async function ask(url: string, body = '{}', method = 'POST'): Promise<{ status: number; text: string }> {
  const response = await fetch(url, { method, ...(method === 'POST' ? { body } : {}) });
  return { status: response.status, text: await response.text() };
}

test('what is asked for is done, with its numbers, and noted with its times', async () => {
  const asked: unknown[] = [];
  const controls: Controls = {
    crash: (request) => Promise.resolve(asked.push(request)).then(() => ({})),
    slow: (request) => Promise.resolve(asked.push(request)).then(() => ({ address: 'http://slow' })),
  };
  const { url, faults } = await startControlServer(scope, controls);
  expect(await ask(`${url}/crash`, '{"downMs": 5, "signal": "SIGKILL"}')).toEqual({
    status: 200,
    text: '{}',
  });
  expect(await ask(`${url}/slow`, '{"bytesPerSecond": 0}')).toEqual({
    status: 200,
    text: '{"address":"http://slow"}',
  });
  expect(asked).toEqual([{ downMs: 5 }, { bytesPerSecond: 0 }]);
  expect(faults.map(({ name }) => name)).toEqual(['crash', 'slow']);
  for (const { startedAt, endedAt } of faults) expect(endedAt).toBeGreaterThanOrEqual(startedAt);
});

test('what cannot be done is answered with the reason', async () => {
  const { url } = await startControlServer(scope, {
    roll: () => Promise.reject(new Error('no such deployment')),
  });
  expect(await ask(`${url}/roll`)).toEqual({ status: 500, text: 'Error: no such deployment' });
});

test.each([
  ['/crash', '{"downMs": 1}', 'is not offered here'],
  ['/constructor', '{}', 'is nothing'],
  ['/slow', '{}', 'lacks its number'],
  ['/slow', '{"bytesPerSecond": -1}', 'has a number that is too small'],
  ['/slow', '{"bytesPerSecond": "1; rm"}', 'has a number that is none'],
  ['/slow', 'bytesPerSecond', 'is no JSON'],
  ['/slow', `{"bytesPerSecond": 1, "more": "${'x'.repeat(5_000)}"}`, 'is too long'],
])('%s with %.30s… does nothing, because it %s', async (path, body) => {
  let isDone = false;
  const { url } = await startControlServer(scope, {
    slow: () => {
      isDone = true;
      return Promise.resolve({});
    },
  });
  expect((await ask(url + path, body)).status).toBe(400);
  expect(isDone).toBe(false);
});

test('who has not been told the address can do nothing', async () => {
  const { url, faults } = await startControlServer(scope, { roll: () => Promise.resolve({}) });
  const { origin } = new URL(url);
  expect((await ask(`${origin}/roll`)).status).toBe(400);
  expect((await ask(`${origin}/x/roll`)).status).toBe(400);
  expect((await ask(`${url}/roll`, '', 'GET')).status).toBe(400);
  expect(faults).toEqual([]);
});
