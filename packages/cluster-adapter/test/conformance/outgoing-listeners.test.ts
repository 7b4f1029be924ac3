import { afterEach, describe, expect, test } from '@jest/globals';
import { openScope } from '@sluice/testkit';
import { settled, shareNodes } from './members.ts';
import { drivers, sharedRedis } from './nodes.ts';

const scope = openScope(afterEach);
const redis = sharedRedis();

describe.each(drivers)('listeners for what goes out over %s', (driver) => {
  const start = shareNodes(scope, () => ({ redis: redis(), driver }));
  const unsigned = (seen: unknown[][]): unknown[][] =>
    seen.filter(([event]) => !String(event).startsWith('sign-'));

  test('see events and arguments on every node as they were given', async () => {
    const { nodes, members } = await start();
    const seen = members.map(({ atServer }) => {
      const own: unknown[][] = [];
      atServer.onAnyOutgoing((...args: unknown[]) => own.push(args));
      return own;
    });
    await members[1].atServer.join('room');
    nodes[0].io.emit('test', 'text', 1, { a: ['b'] });
    nodes[0].io.to('room').emit('room', 'said');
    await settled(nodes[0], members);
    const everybody = ['test', 'text', 1, { a: ['b'] }];
    expect(seen.map(unsigned)).toEqual([[everybody], [everybody, ['room', 'said']], [everybody]]);
  });

  test('see bytes as bytes', async () => {
    const { nodes, members } = await start();
    const seen = members.map(({ atServer }) => {
      const own: unknown[][] = [];
      atServer.onAnyOutgoing((...args: unknown[]) => own.push(args));
      return own;
    });
    nodes[0].io.emit('test', Uint8Array.of(1, 2, 3), { deep: Buffer.from([4]) });
    await settled(nodes[0], members);
    for (const own of seen) {
      const [[event, bytes, { deep }]] = unsigned(own) as [[string, Uint8Array, { deep: Uint8Array }]];
      expect([event, [...bytes], [...deep]]).toEqual(['test', [1, 2, 3], [4]]);
      expect(bytes).toBeInstanceOf(Uint8Array);
    }
  });

  test('are called in their order, before the client hears, and no more once removed', async () => {
    const { nodes, members } = await start();
    const { atServer, heard } = members[1];
    const calls: unknown[] = [];
    const removed = (): void => {
      calls.push('removed');
    };
    atServer.onAnyOutgoing(() => calls.push(['last', heard.length]));
    atServer.prependAnyOutgoing(() => calls.push('second'));
    atServer.prependAnyOutgoing(() => calls.push('first'));
    atServer.onAnyOutgoing(removed);
    atServer.offAnyOutgoing(removed);
    nodes[0].io.to(atServer.id).emit('test');
    await settled(nodes[0], members);
    nodes[0].io
      .to(atServer.id)
      .timeout(10_000)
      .emit('asked', () => undefined);
    await settled(nodes[0], members);
    expect(calls.slice(0, 3)).toEqual(['first', 'second', ['last', 0]]);
    atServer.offAnyOutgoing();
    calls.length = 0;
    nodes[0].io.emit('test');
    await settled(nodes[0], members);
    expect(calls).toEqual([]);
  });

  test('see questions and volatile events too', async () => {
    const { nodes, members } = await start();
    const seen: unknown[][] = [];
    members[1].atServer.onAnyOutgoing((...args: unknown[]) => seen.push(args));
    for (const { socket } of members) socket.on('ask', (_text: string, answer: () => void) => answer());
    await nodes[0].io.timeout(10_000).emitWithAck('ask', 'who');
    nodes[0].io.volatile.emit('fleeting', 1);
    await settled(nodes[0], members);
    expect(unsigned(seen)).toEqual([
      ['ask', 'who'],
      ['fleeting', 1],
    ]);
  });
});
