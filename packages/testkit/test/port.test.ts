import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { freeBasePort, freePort, freePorts, openScope } from '@sluice/testkit';

const scope = openScope(afterEach);

/** True where this process holds the port. Others take and leave ports at any time: which is free next nobody knows. */
async function isOurs(port: number): Promise<boolean> {
  const owner = await readFile(join(tmpdir(), 'sluice-test-ports', String(port)), 'utf8').catch(() => '');
  return owner === String(process.pid);
}

test('no two reservations get the same port', async () => {
  const several = await Promise.all([freePorts(scope, 5), freePorts(scope, 5), freePorts(scope, 5)]);
  expect(new Set(several.flat()).size).toBe(15);
});

test('a port comes back with its scope, unless somebody listens on it', async () => {
  const first = openScope();
  const port = await freePort(first);
  expect(await isOurs(port)).toBe(true);
  await first.close();
  expect(await isOurs(port)).toBe(false);

  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  scope.onClose(() => server.close());
  expect(await freePorts(scope, 5)).not.toContain(port);
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
  scope.onClose(() => server.close());
  const next = await freeBasePort(scope, offsets);
  expect(offsets.map((offset) => next + offset)).not.toContain(base + 5);
  // Where it could not have the last, it let go of the others, unless they are what it has found.
  const taken = offsets.map((offset) => next + offset);
  for (const port of [base, base + 2])
    expect([port, await isOurs(port)]).toEqual([port, taken.includes(port)]);
});
