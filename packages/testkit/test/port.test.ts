import { createServer } from 'node:net';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { freeBasePort, freePort, freePorts, openScope } from '@sluice/testkit';

const scope = openScope(afterEach);

// Who comes across the lock of a process that is gone takes it away, and the next port.
beforeAll(async () => {
  const own = openScope();
  await freePorts(own, 30);
  await own.close();
});

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

test('a base port reserves every port that follows from it, or none', async () => {
  const offsets = [0, 2, 5];
  const first = openScope();
  const base = await freeBasePort(first, offsets);
  const others = [...(await freePorts(first, 6)), await freeBasePort(first, offsets)];
  expect(others.filter((port) => offsets.includes(port - base))).toEqual([]);
  await first.close();

  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(base + 5, '127.0.0.1', resolve);
  });
  const second = openScope();
  const next = await freeBasePort(second, offsets);
  expect(offsets.map((offset) => next + offset)).not.toContain(base + 5);
  await second.close();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  // Where it could not have the last, it let go of the others.
  expect(await freeBasePort(scope, offsets)).toBe(base);
});
