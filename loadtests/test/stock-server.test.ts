import { afterAll, expect, test } from '@jest/globals';
import { openScope } from '@sluice/testkit';
import { describeWithK6, runK6 } from './k6.ts';
import { startStockServer } from './stock-server.ts';

const scope = openScope(afterAll);

/** Those of `exercises/client.ts`. */
const exercises = [
  'events go both ways',
  'acknowledgements go both ways',
  'what is not acknowledged in time is said',
  'binary goes both ways',
  'binary is acknowledged with binary both ways',
  'namespaces share a connection',
  'a namespace that is not there refuses',
  'a refusal says why, and is not repeated until asked',
  'who is put out by the server stays out',
  'a connection that the server ends is opened again, and the session goes on',
  'what is missed while away comes, once and in order',
  'who said goodbye begins anew',
  'where nobody listens, it is tried again and again',
  'who listens to pings stays, and who gets none leaves',
  'a listener that throws is told, and the client goes on',
  'a VU has many at once',
];

describeWithK6('the client, against a stock Socket.IO server', () => {
  test('does all its exercises', async () => {
    const { checks, output } = await runK6('exercises/client.ts', { TARGET: await startStockServer(scope) });
    const passed = Object.fromEntries(exercises.map((name) => [name, { passes: 1, fails: 0 }]));
    expect({ checks, output }).toEqual({ checks: passed, output });
  });
});
