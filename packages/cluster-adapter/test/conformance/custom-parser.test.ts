import { afterEach, describe, expect, test } from '@jest/globals';
import { openScope } from '@sluice/testkit';
import * as parser from 'socket.io-msgpack-parser';
import { settled, shareNodes, startWithMembers } from './members.ts';
import { drivers, ours, sharedRedis } from './nodes.ts';
import { comeBack, cut, heardOf, recovering } from './returning.ts';

const scope = openScope(afterEach);
const redis = sharedRedis();

type Answer = (value: unknown) => void;

describe.each(drivers)('with another parser on servers and clients, over %s', (driver) => {
  const start = shareNodes(scope, () => ({
    redis: redis(),
    driver,
    server: { parser },
    client: { parser },
  }));

  test('broadcasts arrive, to everybody, in rooms and volatile', async () => {
    const { nodes, members } = await start();
    await members[1].atServer.join('room');
    nodes[0].io.emit('test', 1, '2', [3], Buffer.from([4]), { five: null });
    nodes[0].io.to('room').emit('room', Buffer.from([1]));
    await settled(nodes[0], members);
    nodes[0].io.volatile.emit('fleeting', '🐈');
    await settled(nodes[0], members);
    const first = ['test', 1, '2', [3], Buffer.from([4]), { five: null }];
    expect(members.map(({ heard }) => heard)).toEqual([
      [first, ['fleeting', '🐈']],
      [first, ['room', Buffer.from([1])], ['fleeting', '🐈']],
      [first, ['fleeting', '🐈']],
    ]);
  });

  test('questions are answered', async () => {
    const { nodes, members } = await start();
    for (const { socket } of members) {
      socket.on('ask', (value: unknown, answer: Answer) => answer({ value, bytes: Buffer.from([1]) }));
    }
    const answer = { value: 'who', bytes: Buffer.from([1]) };
    expect(await nodes[0].io.timeout(10_000).emitWithAck('ask', 'who')).toEqual([answer, answer, answer]);
  });

  test('listeners for what goes out see what was given', async () => {
    const { nodes, members } = await start();
    const seen: unknown[][] = [];
    members[1].atServer.onAnyOutgoing((...args: unknown[]) => seen.push(args));
    nodes[0].io.to(members[1].atServer.id).emit('test', 'text', { a: [1] });
    await settled(nodes[0], members);
    expect(seen[0]).toEqual(['test', 'text', { a: [1] }]);
  });
});

describe.each(ours)('with another parser and recovery over %s', (driver) => {
  test('what was missed is replayed', async () => {
    const { nodes, members } = await startWithMembers(scope, {
      redis: redis(),
      driver,
      server: { parser, ...recovering },
      client: { parser },
    });
    const [member] = members;
    await member.atServer.join('room');
    nodes[1].io.to('room').emit('heard', 0);
    await settled(nodes[1], members);
    await cut(member, nodes[0]);
    nodes[2].io.to('room').emit('missed', Buffer.from([1]));
    nodes[2].io.emit('missed', 'two');
    await comeBack(member, nodes[1]);
    await settled(nodes[1], [member]);
    expect(member.socket.recovered).toBe(true);
    expect(heardOf(member)).toEqual([
      ['heard', 0],
      ['missed', Buffer.from([1])],
      ['missed', 'two'],
    ]);
    expect(member.heard.every((args) => typeof args.at(-1) === 'string')).toBe(true);
  });
});
