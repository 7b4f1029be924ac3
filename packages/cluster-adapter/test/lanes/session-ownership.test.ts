import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import { connectLanesClient, openLanesClient, settled } from './lanes-client.ts';
import { sharedRedisGround } from './lanes-ground.ts';
import { startLanesNode, startTwoNodes } from './lanes-node.ts';
import { unexpected } from './unexpected.ts';

const scope = openScope(afterEach);
const ground = sharedRedisGround();

const userOf = (socket: { handshake: { auth: Record<string, unknown> } }): string =>
  typeof socket.handshake.auth['user'] === 'string' ? socket.handshake.auth['user'] : '';

describe('a session', () => {
  test('restores nothing at another namespace, and is left as it was', async () => {
    const [one, two] = await startTwoNodes(scope, ground(), { prepare: (io) => void io.of('/other') });
    const client = await connectLanesClient(scope, one);
    await client.join(one, 'r');
    await client.cut(one);
    two.io.to('r').emit('said', 1);
    two.io.of('/other').to('r').emit('said', 'of the other');
    const thief = await connectLanesClient(scope, two, {
      namespace: '/other',
      auth: { pid: client.pid, offset: '0-0' },
    });
    await settled(two, [thief], '/other');
    expect([thief.socket.recovered, thief.firsts(), thief.at(two).rooms.size]).toEqual([false, [], 1]);
    expect(thief.socket.id).not.toBe(client.socket.id);
    await client.comeBack(two);
    await settled(two, [client]);
    expect([client.socket.recovered, client.firsts()]).toEqual([true, [1]]);
  });

  test('passes no middleware of another namespace, whatever `skipMiddlewares` says', async () => {
    const [one, two] = await startTwoNodes(scope, ground(), {
      server: { connectionStateRecovery: { maxDisconnectionDuration: 60_000, skipMiddlewares: true } },
      prepare: (io) => void io.of('/admin').use((_socket, next) => next(new Error('never'))),
    });
    const client = await connectLanesClient(scope, one);
    await client.cut(one);
    const { pid } = client;
    const thief = openLanesClient(scope, two, { namespace: '/admin', auth: { pid, offset: '0-0' } });
    const refusal = await new Promise<Error>((resolve) => {
      thief.socket.on('connect_error', resolve);
    });
    expect([refusal.message, two.io.of('/admin').sockets.size]).toEqual(['never', 0]);
  });

  test('restores nothing for another user, and is left as it was', async () => {
    const [one, two] = await startTwoNodes(scope, ground(), { userOf });
    const client = await connectLanesClient(scope, one, { auth: { user: 'ann' } });
    await client.join(one, 'r');
    await client.cut(one);
    two.io.to('r').emit('said', 1);
    const thief = await connectLanesClient(scope, two, {
      auth: { user: 'bob', pid: client.pid, offset: '0-0' },
    });
    await settled(two, [thief]);
    expect([thief.socket.recovered, thief.firsts(), thief.at(two).rooms.size]).toEqual([false, [], 1]);
    expect(two.saw('admitted').at(-1)?.outcome).toEqual({ kind: 'fresh', reason: 'foreign' });
    await client.comeBack(two);
    await settled(two, [client]);
    expect([client.socket.recovered, client.firsts()]).toEqual([true, [1]]);
  });

  test('is presented in vain where it was never given out', async () => {
    const node = await startLanesNode(scope, ground(), 'one');
    for (const pid of ['x', '', '__proto__', '*', 'a'.repeat(10_000), '\u0000', '\ud800']) {
      const client = await connectLanesClient(scope, node, { auth: { pid, offset: '0-0' } });
      expect([client.socket.recovered, client.pid === pid]).toEqual([false, false]);
    }
    expect(unexpected(node.faults)).toEqual([]);
  });

  test('is given back to a middleware that joins rooms and sets data, under one name', async () => {
    const [one, two] = await startTwoNodes(scope, ground(), {
      prepare: (io) =>
        void io.use((socket, next) => {
          void socket.join('of-middleware');
          socket.data = { ...(socket.data as object), seen: true };
          next();
        }),
    });
    const client = await connectLanesClient(scope, one);
    Object.assign(client.at(one).data as object, { kept: 1 });
    await client.cut(one);
    await client.comeBack(two);
    const atServer = client.at(two);
    expect([client.socket.recovered, atServer.data]).toEqual([true, { kept: 1, seen: true }]);
    expect(atServer.rooms).toEqual(new Set([atServer.id, 'of-middleware']));
    expect([...two.io.sockets.adapter.sids.keys()]).toEqual([atServer.id]);
    two.io.to('of-middleware').emit('said', 1);
    await settled(two, [client]);
    expect(client.firsts()).toEqual([1]);
    await client.cut(two);
    expect([two.io.sockets.adapter.sids.size, two.io.sockets.adapter.rooms.size]).toEqual([0, 0]);
  });

  test('keeps what a middleware joined when it began', async () => {
    const [one, two] = await startTwoNodes(scope, ground(), {
      prepare: (io) =>
        void io.use((socket, next) => {
          if (socket.handshake.auth['pid'] !== undefined) next();
          else Promise.resolve(socket.join('of-middleware')).then(() => next(), next);
        }),
    });
    const client = await connectLanesClient(scope, one);
    two.io.to('of-middleware').emit('said', 1);
    await settled(two, [client]);
    await client.cut(one);
    two.io.to('of-middleware').emit('said', 2);
    await client.comeBack(two);
    await settled(two, [client]);
    expect(client.at(two).rooms).toEqual(new Set([client.socket.id, 'of-middleware']));
    expect([client.socket.recovered, client.firsts()]).toEqual([true, [1, 2]]);
  });
});

describe('a client that says it does not recover', () => {
  test('gets its events without offset, and no session is written for it', async () => {
    const { prefix, redis, ...rest } = ground();
    const sessions = async (): Promise<unknown> => await redis.command('KEYS', `${prefix}:session*`);
    const [one, two] = await startTwoNodes(scope, rest);
    const off = await connectLanesClient(scope, one, { auth: { recovery: 'off' } });
    expect(await sessions()).toEqual([]);
    await off.join(one, 'r');
    off.at(one).data = { name: 'ann' };
    await off.at(one).leave('s');
    two.io.to('r').emit('said', 1, 'two');
    two.io.emit('said', Buffer.from([1]));
    off.at(one).emit('said', 'own');
    await eventually(() => off.heard.length === 3);
    two.io.volatile.emit('said');
    await eventually(() => off.heard.length === 4);
    expect(off.heard).toHaveLength(4);
    expect(off.heard).toEqual(
      expect.arrayContaining([['said', 1, 'two'], ['said', Buffer.from([1])], ['said'], ['said', 'own']]),
    );
    expect([off.pid, await sessions()]).toEqual([undefined, []]);
    const on = await connectLanesClient(scope, one);
    expect(await sessions()).toHaveLength(1);
    two.io.emit('said', 2);
    await settled(two, [on, off]);
    expect([on.heard[0]?.length, off.heard[4]?.length]).toEqual([3, 2]);
    await off.cut(one);
    await off.comeBack(two);
    expect([off.socket.recovered, await sessions()]).toEqual([undefined, [expect.any(String)]]);
    expect(two.saw('admitted').at(-1)?.outcome).toEqual({ kind: 'fresh', reason: 'off' });
  });
});
