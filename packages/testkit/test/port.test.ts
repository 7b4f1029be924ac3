import { createServer } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { freePort, freePorts, openScope } from '@sluice/testkit';

const scope = openScope(afterEach);

test('no two reservations get the same port', async () => {
  const several = await Promise.all([freePorts(scope, 5), freePorts(scope, 5), freePorts(scope, 5)]);
  expect(new Set(several.flat()).size).toBe(15);
});

test('a port comes back with its scope, unless somebody listens on it', async () => {
  const first = openScope();
  const port = await freePort(first);
  await first.close();
  expect(await freePort(first)).toBe(port);
  await first.close();

  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  scope.onClose(() => server.close());
  expect(await freePort(scope)).not.toBe(port);
});
