import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openScope } from '@sluice/testkit';
import type { Session, SessionHold, SessionStore } from '../src/index.ts';
import { ada, benches, claimed, maxDisconnectionMs, newSession, type Bench } from './benches.ts';

const hostileNames = [
  '',
  'r:',
  'sid',
  'data',
  'generation',
  '__proto__',
  'constructor',
  'a:b:{c}:{}',
  '}{',
  'nul\0nul',
  '\r\n$1\r\n*2',
  '1',
  'é',
  'e\u0301',
  '👩‍👩‍👧',
  'ÿ\ufffd',
  '%00%',
  "');redis.call('FLUSHALL')--",
  'x'.repeat(10_000),
];

function roomsOf(session: Session): [string, string][] {
  return Object.entries(session.rooms).toSorted();
}

describe.each(benches)('sessions %s', (_where, open) => {
  const scope = openScope(afterAll);
  let bench: Bench;
  let store: SessionStore;

  beforeAll(async () => {
    bench = await open(scope);
    store = bench.store;
  });

  async function created(session = newSession()): Promise<SessionHold> {
    await store.create(session);
    return { pid: session.pid, generation: 1 };
  }

  describe('hold', () => {
    test('all that they were made of, and say who held them', async () => {
      const session = newSession();
      await store.create(session);
      expect(await bench.another.claim(session.pid, ada)).toEqual({
        kind: 'claimed',
        session: { ...session, owner: 'node-2', generation: 2 },
        previousOwner: 'node-1',
      });
      expect(await store.claim(session.pid, { ...ada, owner: 'node-3' })).toMatchObject({
        session: { owner: 'node-3', generation: 3 },
        previousOwner: 'node-2',
      });
    });

    test('nothing, where there is nothing', async () => {
      const session = newSession({ namespace: '/', user: '', owner: '', start: '', rooms: {}, data: '' });
      await store.create(session);
      const found = await claimed(store, session.pid, { namespace: '/', user: '', owner: '' });
      expect(found).toEqual({ ...session, generation: 2 });
    });

    test.each(hostileNames.map((name, index) => [JSON.stringify(name).slice(0, 40), name, index] as const))(
      'the name %s wherever it comes',
      async (_shown, name, index) => {
        const rooms = Object.fromEntries([
          [name, '7-0'],
          ['other', '7-1'],
        ]);
        const session = newSession({ namespace: name, user: name, owner: name, data: name, rooms });
        const hold = await created(session);
        const claimant = { namespace: name, user: name, owner: name };
        expect(await store.claim(session.pid, { ...claimant, user: `${name}${index}` })).toEqual({
          kind: 'foreign',
        });
        const claim = await store.claim(session.pid, claimant);
        if (claim.kind !== 'claimed') throw new Error(claim.kind);
        expect(claim.previousOwner).toBe(name);
        expect(claim.session).toMatchObject({ sid: session.sid, start: '5-0', user: name, data: name });
        expect(roomsOf(claim.session)).toEqual(Object.entries(rooms).toSorted());
        await store.save({ ...hold, generation: 2 }, { left: [name] });
        expect(roomsOf(await claimed(store, session.pid, claimant))).toEqual([['other', '7-1']]);
      },
    );

    test('many rooms', async () => {
      const many = (from: number, to: number): [string, string][] =>
        Array.from({ length: to - from }, (_, i) => [`room ${from + i}`, `8-${from + i}`]);
      const hold = await created(newSession({ rooms: Object.fromEntries(many(0, 20_001)) }));
      const left = many(0, 10_001).map(([room]) => room);
      await store.save(hold, { left, joined: Object.fromEntries(many(20_001, 30_000)) });
      expect(roomsOf(await claimed(store, hold.pid))).toEqual(many(10_001, 30_000).toSorted());
    });

    test('what they were given then, not what its giver makes of it later', async () => {
      const rooms: Record<string, string> = { garden: '5-1' };
      const hold = await created(newSession({ rooms }));
      rooms['cellar'] = '9-9';
      const first = await claimed(store, hold.pid);
      (first.rooms as Record<string, string>)['attic'] = '9-9';
      expect(roomsOf(await claimed(store, hold.pid))).toEqual([['garden', '5-1']]);
      expect(first.rooms['constructor']).toBeUndefined();
    });
  });

  describe('are changed', () => {
    test('only where a change says so', async () => {
      const hold = await created(newSession({ rooms: { a: '1-0', b: '2-0' } }));
      expect(await store.save(hold, {})).toBe(true);
      expect(await store.save(hold, { joined: { c: '3-0' } })).toBe(true);
      expect(await store.save(hold, { left: ['a', 'unknown'] })).toBe(true);
      expect(await store.save(hold, { data: '' })).toBe(true);
      const { rooms, data } = await claimed(store, hold.pid);
      expect({ ...rooms }).toEqual({ b: '2-0', c: '3-0' });
      expect(data).toBe('');
    });

    test('by what was left first, then by what was joined', async () => {
      const hold = await created(newSession({ rooms: { a: '1-0' } }));
      await store.save(hold, { joined: { a: '4-0' }, left: ['a'] });
      expect(roomsOf(await claimed(store, hold.pid))).toEqual([['a', '4-0']]);
    });

    test('as a whole where they are created again, until somebody claims them', async () => {
      const session = newSession();
      await store.create(session);
      await store.create({ ...session, rooms: { cellar: '6-0' }, data: '1' });
      const again = { ...session, rooms: { cellar: '6-0' }, data: '1', owner: 'node-2' };
      expect(await claimed(store, session.pid)).toEqual({ ...again, generation: 2 });
      await store.create(session);
      expect(await claimed(store, session.pid)).toEqual({ ...again, generation: 3 });
      await expect(store.create({ ...session, sid: 'other' })).rejects.toMatchObject({
        code: 'redis_refused',
      });
      expect(await claimed(store, session.pid)).toEqual({ ...again, generation: 4 });
    });
  });

  describe('belong', () => {
    test.each([
      ['another user', { ...ada, user: 'eve' }],
      ['nobody', { ...ada, user: '' }],
      ['a user of a similar name', { ...ada, user: 'Ada' }],
      ['another namespace', { ...ada, namespace: '/admin' }],
      ['a namespace of a similar name', { ...ada, namespace: '/chat/' }],
    ])('not to %s, who changes nothing by asking', async (_who, claimant) => {
      const hold = await created();
      await bench.pass(maxDisconnectionMs * 2 - 30_000);
      expect(await store.claim(hold.pid, claimant)).toEqual({ kind: 'foreign' });
      expect(await store.touch([])).toEqual([]);
      await bench.pass(10_000);
      expect(await store.claim(hold.pid, ada)).toMatchObject({
        session: { generation: 2 },
        previousOwner: 'node-1',
      });
      await bench.pass(maxDisconnectionMs * 2 - 20_000);
      expect(await store.claim(hold.pid, claimant)).toEqual({ kind: 'foreign' });
      await bench.pass(20_000);
      expect(await store.claim(hold.pid, claimant)).toEqual({ kind: 'unknown' });
    });

    test.each([
      '',
      'never-made',
      'x'.repeat(65),
      'a:b',
      '{a}',
      '__proto__',
      'a\0',
      'a\n',
      '../a',
      'é',
      '\ud800',
      42,
      null,
      undefined,
      ['never-made'],
      { toString: 'never-made' },
    ])('to nobody where a client makes up the pid %j', async (pid) => {
      expect(await store.claim(pid as string, ada)).toEqual({ kind: 'unknown' });
    });

    test('to one user alone, though as UTF-8 two would look alike', async () => {
      const refused = { code: 'redis_key_invalid' };
      const hold = await created(newSession({ user: '\ufffd' }));
      await expect(store.claim(hold.pid, { ...ada, user: '\ud800' })).rejects.toMatchObject(refused);
      await expect(store.create(newSession({ user: '\udfff' }))).rejects.toMatchObject(refused);
      await expect(store.create(newSession({ rooms: { '\ud800': '1-0' } }))).rejects.toMatchObject(refused);
      await expect(store.save(hold, { joined: { '\ud800': '1-0' } })).rejects.toMatchObject(refused);
      await expect(store.create(newSession({ pid: 'not valid' }))).rejects.toMatchObject(refused);
    });
  });

  describe('fence', () => {
    test('who holds an older generation', async () => {
      const session = newSession();
      const zombie = await created(session);
      const { generation } = await claimed(bench.another, zombie.pid);
      const holder = { pid: zombie.pid, generation };
      expect(await store.save(zombie, { joined: { cellar: '6-0' }, left: ['garden'], data: '0' })).toBe(
        false,
      );
      expect(await store.touch([zombie, holder])).toEqual([zombie]);
      await store.remove(zombie);
      expect(await bench.another.save(holder, { joined: { attic: '6-1' } })).toBe(true);
      expect(await claimed(store, zombie.pid)).toEqual({
        ...session,
        owner: 'node-2',
        rooms: { garden: '5-1', attic: '6-1' },
        generation: 3,
      });
    });

    test('all but one of those who claim at once', async () => {
      for (let round = 0; round < 20; round += 1) {
        const first = await created();
        const claims = await Promise.all(
          [store, bench.another, store, bench.another].map((node) => claimed(node, first.pid)),
        );
        const holds = [first, ...claims.map(({ pid, generation }) => ({ pid, generation }))];
        expect(holds.map(({ generation }) => generation).toSorted()).toEqual([1, 2, 3, 4, 5]);
        const saved = await Promise.all(
          holds.map((hold, index) =>
            (index % 2 ? store : bench.another).save(hold, { joined: { [`by ${hold.generation}`]: '6-0' } }),
          ),
        );
        expect(holds.filter((_, index) => saved[index])).toEqual([{ pid: first.pid, generation: 5 }]);
        expect(roomsOf(await claimed(store, first.pid))).toEqual([
          ['by 5', '6-0'],
          ['garden', '5-1'],
        ]);
      }
    });

    test('a generation that never was', async () => {
      const { pid } = await created();
      for (const generation of [0, 2, 1.5, -1, Number.NaN]) {
        expect(await store.save({ pid, generation }, { data: '0' })).toBe(false);
        expect(await store.touch([{ pid, generation }])).toEqual([{ pid, generation }]);
        await store.remove({ pid, generation });
      }
      expect(await claimed(store, pid)).toMatchObject({ data: '{"theme":"dark"}', generation: 2 });
    });
  });

  describe('live', () => {
    // Far enough from the end for the time that really passes.
    const almost = maxDisconnectionMs * 2 - 20_000;
    const writes: [string, (hold: SessionHold) => Promise<unknown>][] = [
      ['save', (hold) => store.save(hold, {})],
      ['touch', (hold) => store.touch([hold])],
      ['claim', (hold) => store.claim(hold.pid, ada)],
    ];

    test.each(writes)('on after a %s', async (_name, write) => {
      const hold = await created();
      await bench.pass(almost);
      await write(hold);
      await bench.pass(almost);
      expect(await store.claim(hold.pid, ada)).toMatchObject({ kind: 'claimed' });
    });

    test('no longer than they may, and are not made again by those who held them', async () => {
      const hold = await created();
      await bench.pass(maxDisconnectionMs * 2);
      expect(await store.save(hold, { joined: { cellar: '6-0' }, data: '1' })).toBe(false);
      expect(await store.touch([hold])).toEqual([hold]);
      await store.remove(hold);
      expect(await store.claim(hold.pid, ada)).toEqual({ kind: 'unknown' });
    });

    test('each as long as it was written to, whichever was made first', async () => {
      const [first, second, third] = [await created(), await created(), await created()];
      await bench.pass(almost);
      await store.touch([first]);
      await store.save(third, {});
      await bench.pass(20_000);
      expect(await store.touch([first, second, third])).toEqual([second]);
    });

    test('no longer for the touches and saves of those who are fenced', async () => {
      const zombie = await created();
      const { generation } = await claimed(store, zombie.pid);
      await bench.pass(almost);
      await store.touch([zombie]);
      await store.save(zombie, {});
      await bench.pass(20_000);
      expect(await store.touch([{ ...zombie, generation }])).toHaveLength(1);
    });

    test('as long as a client may be away after a crash, even where the last touch failed', async () => {
      const hold = await created();
      await bench.pass(store.touchEveryMs * 2 - 20_000);
      await bench.pass(maxDisconnectionMs);
      expect(await store.claim(hold.pid, ada)).toMatchObject({ kind: 'claimed' });
    });

    test('until they are removed, and may be made anew', async () => {
      const session = newSession();
      const hold = await created(session);
      await store.remove(hold);
      await store.remove(hold);
      expect(await store.claim(hold.pid, ada)).toEqual({ kind: 'unknown' });
      expect(await store.save(hold, { data: '1' })).toBe(false);
      await store.create(session);
      expect(await claimed(store, hold.pid)).toEqual({ ...session, owner: 'node-2', generation: 2 });
    });

    test('on in great number by one touch, which names those that do not', async () => {
      const holds = await Promise.all(Array.from({ length: 1_200 }, () => created()));
      const gone = holds.filter((_, index) => index % 300 === 7);
      const fenced = holds.filter((_, index) => index % 300 === 9);
      await Promise.all(gone.map((hold) => store.remove(hold)));
      await Promise.all(fenced.map((hold) => bench.another.claim(hold.pid, ada)));
      await bench.pass(almost);
      const named = await store.touch(holds);
      expect(new Set(named)).toEqual(new Set([...gone, ...fenced]));
      await bench.pass(almost);
      const left = await store.touch(holds);
      expect(left).toHaveLength(named.length);
    });
  });
});
