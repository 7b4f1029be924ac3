import { afterAll, expect, test } from '@jest/globals';
import { createRedisCore } from '@sluice/redis-core';
import { openScope, startRedis } from '@sluice/testkit';
import { createSessionStore } from '../src/index.ts';

const scope = openScope(afterAll);

test('a session is created, claimed and saved', async () => {
  const redis = await startRedis(scope);
  const core = createRedisCore({ url: redis.url, nodeId: 'node-1' });
  scope.onClose(() => core.stop(1_000));
  await core.start(new AbortController().signal);
  const store = createSessionStore(core, { maxDisconnectionMs: 1000 });
  await store.create({
    pid: 'p',
    sid: 's',
    namespace: '/',
    user: 'u',
    owner: 'a',
    start: '1-0',
    rooms: { a: '1-1' },
    data: '{}',
  });
  const claim = await store.claim('p', { namespace: '/', user: 'u', owner: 'b' });
  expect(claim).toMatchObject({
    kind: 'claimed',
    previousOwner: 'a',
    session: { generation: 2, rooms: { a: '1-1' } },
  });
  expect(await store.save({ pid: 'p', generation: 2 }, { left: ['a'], joined: { b: '2-0' } })).toBe(true);
  expect(await store.save({ pid: 'p', generation: 1 }, { left: ['b'] })).toBe(false);
  expect(await store.claim('p', { namespace: '/', user: 'u', owner: 'b' })).toMatchObject({
    session: { rooms: { b: '2-0' } },
  });
});
