import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope, startFaultProxy } from '@sluice/testkit';
import { namespaceTopic, roomTopic } from '../../src/lanes/topic.ts';
import { createLogKeys } from '../../src/log/log-keys.ts';
import { holdLog, type Gate } from './held-log.ts';
import { connectLanesClient, settled } from './lanes-client.ts';
import { memoryGround, patientGround, sharedRedisGround } from './lanes-ground.ts';
import { startLanesNode, startTwoNodes } from './lanes-node.ts';
import { unexpected } from './unexpected.ts';

const scope = openScope(afterEach);
const ground = sharedRedisGround();

/**
 * A node that can be made deaf without its knowing it, while what it asks is answered, with a witness in `r`; and one that
 * hears all.
 */
async function start() {
  const { prefix, redis, ...place } = ground();
  const proxy = await startFaultProxy(scope, {
    scheme: 'redis',
    target: { host: '127.0.0.1', port: redis.port },
  });
  const behind = await startLanesNode(scope, patientGround(proxy, prefix), 'behind');
  const ahead = await startLanesNode(scope, place, 'ahead');
  const witness = await connectLanesClient(scope, behind);
  await witness.join(behind, 'r');
  await settled(ahead, [witness]);
  const made = behind.core?.inventory().map(({ role }) => role) ?? [];
  expect(made.toSorted()).toEqual(['commands', 'subscriber']);
  const hearing = proxy.connections[made.indexOf('subscriber')];
  const trim = async (topic: string): Promise<void> => {
    const { keyspace } = ahead.core as NonNullable<typeof ahead.core>;
    await redis.command('XTRIM', createLogKeys(keyspace).topic(topic).log, 'MAXLEN', '=', '0');
  };
  return {
    behind,
    ahead,
    witness,
    trim,
    fallBehind: () => hearing?.stall('down'),
    catchUp: () => hearing?.heal(),
  };
}

describe('at a node that is behind, who', () => {
  test('joins a room recovers elsewhere, where what the node has yet to hear of it was trimmed', async () => {
    const { behind, ahead, trim, fallBehind } = await start();
    await ahead.publish(['r'], 'said', 1);
    fallBehind();
    await ahead.publish(['r'], 'said', 2);
    await trim(roomTopic('/', 'r'));
    const client = await connectLanesClient(scope, behind);
    await client.join(behind, 'r');
    await ahead.publish(['r'], 'said', 3);
    await client.cut(behind);
    await client.comeBack(ahead);
    await settled(ahead, [client]);
    expect([client.socket.recovered, client.firsts()]).toEqual([true, [3]]);
  });

  test('begins a session recovers elsewhere, where what was said to all before was trimmed', async () => {
    const { behind, ahead, trim, fallBehind } = await start();
    fallBehind();
    await ahead.publish([], 'said', 1);
    await trim(namespaceTopic('/'));
    const client = await connectLanesClient(scope, behind);
    await ahead.publish([], 'said', 2);
    await client.cut(behind);
    await client.comeBack(ahead);
    await settled(ahead, [client]);
    expect([client.socket.recovered, client.firsts()]).toEqual([true, [2]]);
  });

  test('begins and joins hears only what comes then, now and after a recovery, while others hear all', async () => {
    const { behind, ahead, witness, fallBehind, catchUp } = await start();
    fallBehind();
    await ahead.publish(['r'], 'said', 1);
    await ahead.publish([], 'said', 2);
    const client = await connectLanesClient(scope, behind);
    await client.join(behind, 'r');
    await ahead.publish(['r'], 'said', 3);
    await ahead.publish([], 'said', 4);
    catchUp();
    await settled(ahead, [client, witness]);
    expect([client.firsts(), witness.firsts()]).toEqual([
      [3, 4],
      [1, 2, 3, 4],
    ]);
    await client.cut(behind);
    client.offset = undefined;
    client.heard.length = 0;
    await ahead.publish(['r'], 'said', 5);
    await client.comeBack(ahead);
    await settled(ahead, [client]);
    expect([client.socket.recovered, client.firsts()]).toEqual([true, [3, 4, 5]]);
    expect(unexpected(behind.faults)).toEqual([]);
  });

  test('is put into a room by a middleware hears nothing of it from before', async () => {
    const [one, two] = await startTwoNodes(scope, memoryGround(), {
      prepare: (io) => {
        io.use((socket, next) => {
          void socket.join('r');
          next();
        });
      },
    });
    const witness = await connectLanesClient(scope, one);
    one.hearing?.interrupt();
    two.io.to('r').emit('said', 1);
    const client = await connectLanesClient(scope, one);
    await eventually(() => one.main.rooms.get('r')?.size === 2);
    two.io.to('r').emit('said', 2);
    await client.cut(one);
    await client.comeBack(two);
    await settled(two, [client]);
    expect([client.socket.recovered, client.firsts()]).toEqual([true, [2]]);
    one.hearing?.restore();
    await settled(two, [witness]);
    expect(witness.firsts()).toEqual([1, 2]);
  });

  test.each(['fresh', 'signal'] as const)('has joined since is not touched by a gap (%s)', async (onGap) => {
    const place = memoryGround();
    const [one, two] = await startTwoNodes(scope, place, { onGap });
    const witness = await connectLanesClient(scope, one);
    await witness.join(one, 'r');
    one.hearing?.interrupt();
    for (const rooms of [['r'], []]) await two.publish(rooms, 'said', 1);
    place.hub.trim(roomTopic('/', 'r'));
    place.hub.trim(namespaceTopic('/'));
    const client = await connectLanesClient(scope, one);
    await client.join(one, 'r');
    for (const rooms of [['r'], []]) await two.publish(rooms, 'said', 2);
    one.hearing?.restore();
    await settled(two, [client]);
    expect([client.firsts(), client.socket.connected]).toEqual([[2, 2], true]);
    expect(one.saw('gap').map(({ gap, sockets }) => [gap.topic, sockets])).toEqual(
      [namespaceTopic('/'), roomTopic('/', 'r')].map((topic) => [
        topic,
        onGap === 'signal' ? 1 : expect.any(Number),
      ]),
    );
    if (onGap === 'signal') expect(witness.firsts('sluice:gap')).toHaveLength(2);
    else await eventually(() => !witness.socket.connected);
  });
});

describe('while the log is asked where a room ends, who joins it', () => {
  /** A client in `s` that joins `r` at a node that hears it already, with the answer held back. */
  async function joining() {
    const gates: Gate[] = [];
    const slow = memoryGround((log) => {
      const held = holdLog(log, 'tails', (topics) => String(topics) === roomTopic('/', 'r'));
      gates.push(held.gate);
      return held.log;
    });
    const [one, two] = await startTwoNodes(scope, slow);
    const witness = await connectLanesClient(scope, one);
    await witness.join(one, ['r', 's']);
    const client = await connectLanesClient(scope, one);
    await client.join(one, 's');
    await settled(two, [client, witness]);
    const [gate] = gates as [Gate, Gate];
    gate.shut();
    return { one, two, client, witness, gate };
  }

  test('is given nothing until that is known, and then what came since, in order', async () => {
    const { one, two, client, witness, gate } = await joining();
    two.io.to('r').emit('said', 'before');
    const joined = client.join(one, 'r');
    for (const [room, n] of [
      ['s', 1],
      ['r', 2],
      ['s', 3],
      ['r', 4],
    ] as const)
      two.io.to(room).emit('said', n);
    await settled(two, [witness]);
    expect([gate.waiting, client.firsts().filter((n) => n !== 1)]).toEqual([1, []]);
    gate.open();
    await joined;
    await settled(two, [client]);
    expect([client.firsts(), witness.firsts()]).toEqual([
      [1, 2, 3, 4],
      ['before', 1, 2, 3, 4],
    ]);
    await client.cut(one);
    client.offset = undefined;
    client.heard.length = 0;
    await client.comeBack(two);
    await settled(two, [client]);
    expect([client.socket.recovered, client.firsts()]).toEqual([true, [1, 2, 3, 4]]);
  });

  test('as it is about to be heard is in it for good', async () => {
    const gates: Gate[] = [];
    const slow = memoryGround((log) => {
      const held = holdLog(log, 'tails', (topics) => String(topics) === roomTopic('/', 'r'));
      gates.push(held.gate);
      return held.log;
    });
    const [one, two] = await startTwoNodes(scope, slow);
    const opener = await connectLanesClient(scope, one);
    const client = await connectLanesClient(scope, one);
    await settled(two, [opener, client]);
    const [gate] = gates as [Gate, Gate];
    gate.shut();
    const opened = opener.join(one, 'r');
    gate.open();
    gate.shut();
    await eventually(() => gate.waiting === 1, { describe: () => 'all is asked that it takes to hear it' });
    gate.release()();
    gate.shut();
    // All that follows from the answer, up to the end of this turn.
    for (let step = 0; step < 100; step += 1) await Promise.resolve();
    const joined = client.join(one, 'r');
    two.io.to('r').emit('said', 1);
    await opened;
    await settled(two, [opener]);
    expect([opener.firsts(), client.firsts()]).toEqual([[1], []]);
    gate.open();
    await joined;
    await settled(two, [client]);
    expect(client.firsts()).toEqual([1]);
    await client.cut(one);
    two.io.to('r').emit('said', 2);
    await client.comeBack(two);
    await settled(two, [client]);
    expect([client.socket.recovered, client.firsts(), client.at(two).rooms.has('r')]).toEqual([
      true,
      [1, 2],
      true,
    ]);
  });

  test.each([
    ['before', ['r', 's']],
    ['behind', ['s', 'r']],
  ])('hears once what is said to several rooms, with this one named %s another', async (_place, rooms) => {
    const { one, two, client, witness, gate } = await joining();
    two.io.to(rooms).emit('said', 1);
    const joined = client.join(one, 'r');
    two.io.to(rooms).emit('said', 2);
    two.io.to([...rooms, 't']).emit('said', 3);
    two.io
      .to(['t', ...rooms])
      .except('x')
      .emit('said', 4);
    await settled(two, [witness]);
    gate.open();
    await joined;
    two.io.to(rooms).emit('said', 5);
    await settled(two, [client, witness]);
    expect([client.firsts(), witness.firsts()]).toEqual([
      [1, 2, 3, 4, 5],
      [1, 2, 3, 4, 5],
    ]);
  });

  test('leaves and joins it once more hears it from then on', async () => {
    const { one, two, client, witness, gate } = await joining();
    const first = client.join(one, 'r');
    two.io.to('r').emit('said', 1);
    const left = client.at(one).leave('r');
    two.io.to('r').emit('said', 2);
    const second = client.join(one, 'r');
    two.io.to('r').emit('said', 3);
    await settled(two, [witness]);
    gate.open();
    await Promise.all([first, left, second]);
    await settled(two, [client]);
    expect(client.firsts()).toEqual([3]);
    await client.cut(one);
    client.offset = undefined;
    client.heard.length = 0;
    await client.comeBack(two);
    await settled(two, [client]);
    expect([client.socket.recovered, client.firsts()]).toEqual([true, [3]]);
  });

  test('and finds a gap beneath it is told of what it has lost itself, and of nothing else', async () => {
    const gates: Gate[] = [];
    const place = memoryGround((log) => {
      const held = holdLog(log, 'tails', (topics) => String(topics) === roomTopic('/', 'r'));
      gates.push(held.gate);
      return held.log;
    });
    const [one, two] = await startTwoNodes(scope, place, { onGap: 'signal' });
    const witness = await connectLanesClient(scope, one);
    const client = await connectLanesClient(scope, one);
    await witness.join(one, 'r');
    await settled(two, [client, witness]);
    one.hearing?.interrupt();
    two.io.to('r').emit('said', 1);
    place.hub.trim(roomTopic('/', 'r'));
    gates[0]?.shut();
    const joined = client.join(one, 'r');
    two.io.to('r').emit('said', 2);
    one.hearing?.restore();
    await settled(two, [witness]);
    expect([witness.firsts('sluice:gap').length, witness.firsts('said')]).toEqual([1, [2]]);
    gates[0]?.open();
    await joined;
    await settled(two, [client]);
    expect([client.firsts('sluice:gap'), client.firsts('said')]).toEqual([[], [2]]);
  });
});
