import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect, openScope, startCluster, type Gateway, type LogLine } from '@sluice/testkit';

const scope = openScope(afterAll);
let gateway: Gateway;

beforeAll(async () => {
  gateway = (await startCluster(scope, { nodes: 1 })).gateway(0);
});

async function put(body: string, type = 'application/json'): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${gateway.operatorUrl}/log-level`, {
    method: 'PUT',
    headers: { 'content-type': type },
    body,
  });
  return { status: response.status, body: await response.json() };
}

const connectedLines = (user: string): LogLine[] =>
  gateway.logs.entries.filter((line) => line['msg'] === 'connected' && line['user'] === user);

test('the level of the log is told, changed, and changed back by itself', async () => {
  expect(await gateway.inspect('/log-level')).toEqual({ level: 'info' });
  expect(await put('{"level":"error"}')).toEqual({ status: 200, body: { level: 'error' } });
  await connect(scope, gateway, { user: 'unseen' });
  expect(await put('{"level":"silent","forMs":1000}')).toMatchObject({ status: 200 });
  // What had been configured, and not what was there before.
  await gateway.logs.until((lines) => lines.find(({ from, to }) => from === 'silent' && to === 'info'));
  expect(await gateway.inspect('/log-level')).toEqual({ level: 'info' });
  await connect(scope, gateway, { user: 'seen' });
  await gateway.logs.until(() => connectedLines('seen').length > 0);
  expect(connectedLines('unseen')).toEqual([]);
  // That it is changed is said whatever the level is.
  const changes = gateway.logs.entries.filter(({ msg }) => msg === 'log level changed');
  expect(changes.map(({ from, to, forMs }) => [from, to, forMs])).toEqual([
    ['info', 'error', undefined],
    ['error', 'silent', 1_000],
    ['silent', 'info', undefined],
  ]);
});

const json = 'application/json';

test.each([
  ['an unknown level', '{"level":"loud"}', json],
  ['too short a time', '{"level":"debug","forMs":1}', json],
  ['a time that is no number', '{"level":"debug","forMs":"1000"}', json],
  ['a field that there is not', '{"level":"debug","for":1000}', json],
  ['no level', '{}', json],
  ['no object', '"debug"', json],
  ['no JSON', '{"level":', json],
  ['too much', `{"level":"debug","x":"${'x'.repeat(2_000)}"}`, json],
  ['a form', 'level=debug', 'application/x-www-form-urlencoded'],
])('%s is refused with what is allowed, and changes nothing', async (_what, body, type) => {
  const answer = await put(body, type);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  expect(answer.body).toMatchObject({
    error: { code: 'invalid_payload', message: expect.stringContaining('fatal, error, warn') },
  });
  expect(await gateway.inspect('/log-level')).toEqual({ level: 'info' });
});
