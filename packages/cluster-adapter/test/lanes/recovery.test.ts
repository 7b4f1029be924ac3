import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope, startRedis } from '@sluice/testkit';
import { connectLanesClient, startLanesNode } from './lanes-node.ts';

const scope = openScope(afterEach);

describe('recovery', () => {
  test('a client hears a room across nodes in one order and has what it missed, once', async () => {
    const redis = await startRedis(scope);
    const [one, two] = await Promise.all([
      startLanesNode(scope, redis, 'one'),
      startLanesNode(scope, redis, 'two'),
    ]);
    const client = await connectLanesClient(scope, one);
    await one.only().join('r');
    two.io.to('r').emit('said', 1);
    one.io.to('r').emit('said', 2);
    await eventually(() => client.firsts('said').length === 2);
    client.cut();
    await eventually(() => one.io.sockets.sockets.size === 0);
    for (let n = 3; n < 10; n += 1) one.io.to('r').emit('said', n);
    await client.comeBack(two);
    expect(client.socket.recovered).toBe(true);
    one.io.to('r').emit('said', 'last');
    await eventually(() => client.firsts('said').at(-1) === 'last');
    expect(client.firsts('said').slice(2)).toEqual([3, 4, 5, 6, 7, 8, 9, 'last']);
    expect(two.only().recovered).toBe(true);
    expect([...two.only().rooms]).toEqual([client.socket.id, 'r']);
    expect([one.faults, two.faults]).toEqual([[], []]);
  });
});
