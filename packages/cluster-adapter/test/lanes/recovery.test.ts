import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import { connectLanesClient, settled } from './lanes-client.ts';
import { memoryGround, sharedRedisGround } from './lanes-ground.ts';
import { startTwoNodes } from './lanes-node.ts';
import { unexpected } from './unexpected.ts';

const scope = openScope(afterEach);
const ground = sharedRedisGround();

describe('recovery', () => {
  test('a client hears a room across nodes in one order and has what it missed, once', async () => {
    const [one, two] = await startTwoNodes(scope, ground());
    const client = await connectLanesClient(scope, one);
    await client.join(one, 'r');
    two.io.to('r').emit('said', 1);
    one.io.to('r').emit('said', 2);
    await eventually(() => client.firsts().length === 2);
    await client.cut(one);
    for (let n = 3; n < 10; n += 1) one.io.to('r').emit('said', n);
    await client.comeBack(two);
    one.io.to('r').emit('said', 'last');
    await settled(one, [client]);
    expect(client.socket.recovered).toBe(true);
    expect(client.firsts().slice(2)).toEqual([3, 4, 5, 6, 7, 8, 9, 'last']);
    expect(two.only().recovered).toBe(true);
    expect([...two.only().rooms]).toEqual([client.socket.id, 'r']);
    expect([unexpected(one.faults), unexpected(two.faults)]).toEqual([[], []]);
  });

  test.each([
    ['some', Buffer.from([1, 2])],
    ['none', Buffer.alloc(0)],
  ])('brings bytes back as they were, be there %s', async (_name, bytes) => {
    const [one, two] = await startTwoNodes(scope, ground());
    const client = await connectLanesClient(scope, one);
    await client.join(one, 'r');
    const say = (): void => {
      two.io.to('r').emit('said', Buffer.from([0, 1, 255]), { deep: [Buffer.from('two')] }, 'end');
      two.io.to(['r', 's']).emit('said', bytes);
      two.io.to('r').emit('said', 'text ✓');
    };
    say();
    await settled(two, [client]);
    await client.cut(one);
    say();
    await client.comeBack(two);
    await settled(two, [client]);
    const heard = client.heard.filter(([event]) => event === 'said').map((args) => args.slice(0, -1));
    const said = [
      ['said', Buffer.from([0, 1, 255]), { deep: [Buffer.from('two')] }, 'end'],
      ['said', bytes],
      ['said', 'text ✓'],
    ];
    expect(heard).toEqual([...said, ...said]);
  });

  test('replays nothing of what was volatile, local or asked', async () => {
    const [one, two] = await startTwoNodes(scope, ground());
    const client = await connectLanesClient(scope, one);
    const witness = await connectLanesClient(scope, two);
    await client.join(one, 'r');
    await client.cut(one);
    one.io.to('r').volatile.emit('said', 1);
    two.io.volatile.emit('said', 2);
    one.io.local.emit('said', 3);
    one.io.timeout(50).emit('said', 4, () => undefined);
    two.io.to('r').emit('said', 5);
    await settled(two, [witness]);
    await client.comeBack(two);
    await settled(two, [client]);
    expect([client.socket.recovered, client.firsts()]).toEqual([true, [5]]);
  });

  test('of nobody: who begins anew at a node that is behind hears nothing again that it has heard', async () => {
    const [one, two] = await startTwoNodes(scope, memoryGround());
    const client = await connectLanesClient(scope, one);
    const witness = await connectLanesClient(scope, two);
    await client.join(one, ['r', 'all']);
    await witness.join(two, ['r', 'other', 'all']);
    two.hearing?.interrupt();
    one.io.to('r').emit('said', 1);
    one.io.to('other').emit('said', 'elsewhere');
    one.io.to('all').emit('said', 2);
    await eventually(() => client.firsts().length === 2);
    const { offset } = client;
    await client.cut(one);
    client.pid = 'not-known-here';
    await client.comeBack(two);
    await client.join(two, ['r', 'other', 'all']);
    two.io.local.emit('here', 'alone');
    await eventually(() => client.firsts('here').length === 1);
    expect([client.socket.recovered, client.offset]).toEqual([false, offset]);
    two.hearing?.restore();
    one.io.to('r').emit('said', 3);
    await settled(one, [client, witness]);
    expect(client.firsts('said')).toEqual([1, 2, 3]);
    expect(witness.firsts('said')).toEqual([1, 'elsewhere', 2, 3]);
    await client.cut(two);
    one.io.to('r').emit('said', 4);
    await client.comeBack(one);
    await settled(one, [client]);
    expect([client.socket.recovered, client.firsts('said')]).toEqual([true, [1, 2, 3, 4]]);
  });

  test('by a name that nobody knows takes no offset to come for what has been heard', async () => {
    const [one, two] = await startTwoNodes(scope, memoryGround());
    const client = await connectLanesClient(scope, one);
    await client.cut(one);
    client.pid = 'not-known-here';
    client.offset = '999999999999999-0';
    await client.comeBack(two);
    await client.join(two, 'r');
    one.io.to('r').emit('said', 1);
    await settled(one, [client]);
    expect([client.socket.recovered, client.firsts()]).toEqual([false, [1]]);
  });

  test('of many clients of one room at once is whole for each', async () => {
    const [one, two] = await startTwoNodes(scope, ground(), { recoveriesAtOnce: 3 });
    const clients = await Promise.all(Array.from({ length: 20 }, () => connectLanesClient(scope, one)));
    await Promise.all(clients.map((client) => client.join(one, 'r')));
    await Promise.all(clients.map((client) => client.cut(one)));
    const said = Array.from({ length: 150 }, (_, n) => n);
    for (const n of said.slice(0, 120)) two.io.to('r').emit('said', n);
    const returning = clients.map((client) => client.comeBack(two));
    for (const n of said.slice(120)) two.io.to('r').emit('said', n);
    await Promise.all(returning);
    await settled(two, clients);
    expect(clients.map((client) => client.socket.recovered)).toEqual(clients.map(() => true));
    for (const client of clients) expect(client.firsts()).toEqual(said);
  });

  test('of more than is read ahead goes on from the log', async () => {
    const [one, two] = await startTwoNodes(scope, ground());
    const client = await connectLanesClient(scope, one);
    await client.join(one, ['r', 's']);
    await client.cut(one);
    const said = Array.from({ length: 400 }, (_, n) => n);
    // In portions, so that who comes back does not wait behind all of it.
    for (let from = 0; from < said.length; from += 50) {
      const some = said.slice(from, from + 50);
      await Promise.all(
        some.map((n) => two.publish([n % 3 === 0 ? 's' : 'r'], 'said', n, 'x'.repeat(4_000))),
      );
    }
    await client.comeBack(two);
    two.io.to('r').emit('said', 400);
    await settled(two, [client]);
    expect([client.socket.recovered, client.firsts()]).toEqual([true, [...said, 400]]);
  });
});
