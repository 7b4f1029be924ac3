import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import * as msgpack from 'socket.io-msgpack-parser';
import { connectLanesClient, settled } from './lanes-client.ts';
import { sharedRedisGround } from './lanes-ground.ts';
import { startTwoNodes, type LanesTestNode } from './lanes-node.ts';

const scope = openScope(afterEach);
const ground = sharedRedisGround();

/** In a room of one node, with something heard, and a second client beside it. */
async function start(options: { readonly parser?: typeof msgpack } = {}) {
  const [one, two] = await startTwoNodes(scope, ground(), { server: options });
  const client = await connectLanesClient(scope, one, { client: options });
  const witness = await connectLanesClient(scope, two, { client: options });
  await client.join(one, 'r');
  return { one, two, client, witness };
}

type Speak = (node: LanesTestNode, sid: string) => void;

// A stock client takes any string at the end of an event, even the event's name, for its offset.
const strings: readonly (readonly [string, Speak])[] = [
  ['a string', ({ io }) => io.to('r').emit('said', 'ann', 'hello')],
  ['a string that looks like an offset', ({ io }) => io.to('r').emit('said', 'ann', '1-1')],
  [
    'a string that looks like an offset to come',
    ({ io }) => io.to('r').emit('said', 'ann', '99999999999999-0'),
  ],
  ['an empty string', ({ io }) => io.to('r').emit('said', '')],
  ['bytes and a string', ({ io }) => io.to('r').emit('said', Buffer.from([1]), 'hello')],
  ['a quotation mark', ({ io }) => io.to('r').emit('said', 'he said "hello"]')],
  ['its name alone', ({ io }) => io.to('r').emit('said')],
  ['a string, volatile', ({ io }) => io.to('r').volatile.emit('said', 'ann')],
  ['its name alone, volatile', ({ io }) => io.volatile.emit('said')],
  ['a string, volatile and for one', ({ io }, sid) => io.to(sid).volatile.emit('said', 'ann')],
  ['a string, local', ({ io }) => io.local.emit('said', 'ann')],
  ['its name alone, local', ({ io }) => io.local.to('r').emit('said')],
  ['bytes and a string, local', ({ io }) => io.local.emit('said', Buffer.from([1]), 'ann')],
  ['a string, with an acknowledgement', ({ io }) => io.timeout(100).emit('said', 'ann', () => undefined)],
  ['a string, uncompressed', ({ io }) => io.compress(false).to('r').emit('said', 'ann')],
];

describe.each([
  ['an event', {}],
  ['an event in another encoding', { parser: msgpack }],
])('recovery is not kept from its way by %s that ends with', (_encoding, options) => {
  test.each(strings)('%s', async (_name, speak) => {
    const { one, two, client, witness } = await start(options);
    two.io.to('r').emit('before', 1);
    await eventually(() => client.firsts('before').length === 1);
    speak(one, client.socket.id as string);
    await eventually(() => client.heard.some(([event]) => event === 'said'));
    await client.cut(one);
    two.io.to('r').emit('missed', 2);
    await settled(two, [witness]);
    await client.comeBack(two);
    await settled(two, [client]);
    expect([client.socket.recovered, client.firsts('before'), client.firsts('missed')]).toEqual([
      true,
      [1],
      [2],
    ]);
    expect(client.heard.filter(([event]) => event === 'said')).toHaveLength(1);
  });

  test('a string by its own server-side socket, as the first thing it ever hears', async () => {
    const { one, two, client } = await start(options);
    client.at(one).emit('said', 'ann');
    await eventually(() => client.firsts().length === 1);
    client.at(one).volatile.emit('said');
    await eventually(() => client.heard.length === 2);
    await client.cut(one);
    two.io.to('r').emit('missed', 2);
    await client.comeBack(two);
    await settled(two, [client]);
    expect([client.socket.recovered, client.firsts('missed')]).toEqual([true, [2]]);
  });
});

test('who comes back to a node that has heard less is not sent back by what that node says to its own', async () => {
  const { one, two, client } = await start();
  for (const n of [1, 2, 3]) one.io.to('r').emit('said', n);
  await eventually(() => client.firsts('said').length === 3);
  await client.cut(one);
  await client.comeBack(two);
  const brought = client.offset;
  two.io.local.emit('told', 'a string at its end takes an offset along');
  await eventually(() => client.firsts('told').length === 1);
  expect(client.offset).toBe(brought);
  await client.cut(two);
  await client.comeBack(one);
  await settled(one, [client]);
  expect([client.socket.recovered, client.firsts('said')]).toEqual([true, [1, 2, 3]]);
});

describe('a client without an offset', () => {
  test('is one that has heard nothing, and recovers, from the moment of its join', async () => {
    const { one, two, client, witness } = await start();
    expect(client.offset).toBeUndefined();
    await client.cut(one);
    two.io.to('r').emit('missed', 1);
    two.io.emit('missed', 2);
    two.io.to('elsewhere').emit('missed', 3);
    await settled(two, [witness]);
    await client.comeBack(two);
    await settled(two, [client]);
    expect([client.socket.recovered, client.firsts()]).toEqual([true, [1, 2]]);
  });

  test('that has lost it gets what was said since its join, and not before', async () => {
    const { one, two, client } = await start();
    two.io.to('late').emit('said', 0);
    two.io.to('r').emit('said', 1);
    await settled(two, [client]);
    await client.join(one, 'late');
    two.io.to('late').emit('said', 2);
    await settled(two, [client]);
    await client.cut(one);
    client.offset = undefined;
    client.heard.length = 0;
    await client.comeBack(two);
    await settled(two, [client]);
    expect([client.socket.recovered, client.firsts()]).toEqual([true, [1, 2]]);
  });
});

describe('an offset that is', () => {
  test('forged to lie before everything yields nothing from before the join, and nothing of other rooms', async () => {
    const { one, two, client, witness } = await start();
    two.io.to('late').emit('said', 'before the join');
    two.io.to('left').emit('said', 'before the join');
    await client.join(one, 'left');
    two.io.to('left').emit('said', 'while there');
    await settled(two, [client]);
    await client.at(one).leave('left');
    await client.join(one, 'late');
    two.io.to('late').emit('said', 'after the join');
    two.io.to('elsewhere').emit('said', 'elsewhere');
    two.io.to('left').emit('said', 'after the leave');
    await settled(two, [client, witness]);
    await client.cut(one);
    client.offset = '0-0';
    client.heard.length = 0;
    await client.comeBack(two);
    await settled(two, [client]);
    expect(client.firsts()).toEqual(['after the join']);
  });

  test.each(['99999999999999-0', 'abc', '', '1-1 ', '1', '-', '01-1', '1e3-0', '18446744073709551616-0'])(
    'no offset, %j, makes the client begin anew, in none of its rooms',
    async (offset) => {
      const { one, two, client } = await start();
      await client.cut(one);
      client.offset = offset;
      two.io.to('r').emit('missed', 1);
      await client.comeBack(two);
      await settled(two, [client]);
      expect([client.socket.recovered, client.firsts(), client.at(two).rooms.size]).toEqual([false, [], 1]);
      expect(two.saw('admitted').at(-1)?.outcome).toEqual({ kind: 'fresh', reason: 'offset' });
    },
  );

  test("another client's yields nothing beyond what is one's own", async () => {
    const { one, two, client, witness } = await start();
    await witness.join(two, 'secret');
    two.io.to('secret').emit('said', 'secret');
    await settled(two, [client, witness]);
    await client.cut(one);
    two.io.to('secret').emit('said', 'secret');
    two.io.to('r').emit('missed', 1);
    await settled(two, [witness]);
    await client.comeBack(two);
    await settled(two, [client]);
    expect([client.socket.recovered, client.firsts()]).toEqual([true, [1]]);
  });

  test.each([[['a']], [{ a: 1 }], [5], [null]])('no text, %j, does not harm the node', async (offset) => {
    const { one, two, client } = await start();
    await client.cut(one);
    client.offset = offset;
    two.io.to('r').emit('missed', 1);
    await client.comeBack(two);
    await settled(two, [client]);
    expect([client.socket.recovered, client.firsts()]).toEqual([false, []]);
  });
});

describe('what listeners for outgoing packets see', () => {
  test('is what was said, without the offset', async () => {
    const { one, two, client } = await start();
    const seen: unknown[][] = [];
    client.at(one).onAnyOutgoing((...args: unknown[]) => seen.push(args));
    two.io.to('r').emit('said', 'ann', Buffer.from([1]));
    two.io.to('r').emit('said', 'ann');
    await eventually(() => client.heard.length === 2);
    two.io.volatile.emit('fleeting');
    await eventually(() => client.heard.length === 3);
    client.at(one).emit('own', 'x');
    await eventually(() => client.heard.length === 4);
    expect(seen).toEqual([['said', 'ann', Buffer.from([1])], ['said', 'ann'], ['fleeting'], ['own', 'x']]);
  });
});
