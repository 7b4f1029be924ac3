import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import { join, settled, shareNodes } from './members.ts';
import { drivers, sharedRedis } from './nodes.ts';

const scope = openScope(afterEach);
const redis = sharedRedis();

describe.each(drivers)('a volatile broadcast over %s', (driver) => {
  const start = shareNodes(scope, () => ({ redis: redis(), driver }));

  test('reaches whoever can take it now, with bytes too, in rooms and namespaces', async () => {
    const { nodes, members } = await start();
    await members[2].atServer.join('room');
    nodes[0].io.volatile.emit('test', Buffer.from([1]));
    await eventually(() => members.every(({ heard }) => heard.length === 1));
    nodes[0].io.volatile.to('room').emit('room');
    await eventually(() => members[2].heard.length === 2);
    expect(members.map(({ heard }) => heard)).toEqual([
      [['test', Buffer.from([1])]],
      [['test', Buffer.from([1])]],
      [['test', Buffer.from([1])], ['room']],
    ]);
  });

  test('that is local is dropped behind another event that is still being written', async () => {
    const { nodes, members } = await start();
    nodes[0].io.local.emit('test', 1);
    nodes[0].io.local.volatile.emit('test', 2);
    nodes[0].io.local.emit('test', 3);
    await settled(nodes[0], members);
    expect(members[0].heard).toEqual([
      ['test', 1],
      ['test', 3],
    ]);
  });

  test('is dropped for a client that does not read, which gets the others', async () => {
    const { nodes, members } = await start();
    const [, slow, quick] = [members[0], members[1], await join(scope, nodes[1])];
    const connection = (
      slow.socket.io.engine as unknown as { transport: { ws: { pause(): void; resume(): void } } }
    ).transport.ws;
    connection.pause();
    // More than the buffers between the two take, compressed or not.
    slow.atServer.emit('big', Buffer.alloc(24_000_000, randomBytes(100_000)));
    nodes[0].io.volatile.emit('fleeting');
    await eventually(() => quick.heard.length === 1);
    nodes[0].io.emit('test');
    await settled(nodes[0], [quick]);
    connection.resume();
    await eventually(() => slow.heard.length > 0, { timeoutMs: 30_000 });
    await settled(nodes[0], [slow]);
    expect(quick.heard).toEqual([['fleeting'], ['test']]);
    expect(slow.heard.map(([event]) => event)).toEqual(['big', 'test']);
  });
});
