import { expect, test } from '@jest/globals';
import { systemClock } from '@sluice/kernel';
import { createMemorySessionStore, type NewSession, type SessionStore } from '@sluice/session-store';
import { SessionKeeper } from '../../src/lanes/session-keeper.ts';

const session: NewSession = {
  pid: 'pid',
  sid: 'sid',
  namespace: '/',
  user: 'ada',
  owner: 'one',
  start: '0-0',
  rooms: {},
  data: '{}',
};

function keep(store: SessionStore, faults: unknown[]): SessionKeeper {
  return new SessionKeeper(store, {
    clock: systemClock,
    dataOf: () => '{}',
    givenTo: () => undefined,
    heartbeatMs: 1_000,
    onFenced: () => undefined,
    tracing: { writeSession: (_cause, work) => work() },
    onFault: (fault) => faults.push(fault),
  });
}

test('a room that is joined while the session is first written is in it, and one that is left is not', async () => {
  const store = createMemorySessionStore({ maxDisconnectionMs: 60_000 });
  let create = (): void => undefined;
  const plain = store.create.bind(store);
  store.create = async (fresh) => {
    await new Promise<void>((resolve) => (create = resolve));
    await plain(fresh);
  };
  const faults: unknown[] = [];
  const keeper = keep(store, faults);
  const written = keeper.open(session);
  await new Promise(setImmediate);
  const joined = [keeper.joined('sid', { a: '1-0' }), keeper.joined('sid', { b: '2-0' })];
  void keeper.left('sid', 'b');
  create();
  await Promise.all([written, ...joined]);
  const claim = await store.claim('pid', { namespace: '/', user: 'ada', owner: 'two' });
  expect(claim).toMatchObject({ kind: 'claimed', session: { rooms: { a: '1-0' } } });
  expect(claim.kind === 'claimed' && Object.keys(claim.session.rooms)).toEqual(['a']);
  expect(faults).toEqual([]);
  await keeper.close(100);
});

test('a session that turns out to begin later is written as one that does', async () => {
  const store = createMemorySessionStore({ maxDisconnectionMs: 60_000 });
  const faults: unknown[] = [];
  const keeper = keep(store, faults);
  const written = keeper.open(session);
  await Promise.all([written, keeper.startAt('sid', '5-0')]);
  await keeper.startAt('nobody', '6-0');
  const claim = await store.claim('pid', { namespace: '/', user: 'ada', owner: 'two' });
  expect([claim, faults]).toMatchObject([{ kind: 'claimed', session: { start: '5-0' } }, []]);
  await keeper.close(100);
});
