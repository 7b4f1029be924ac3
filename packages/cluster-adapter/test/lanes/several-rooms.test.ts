import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import type { ClusterLog, LogListener } from '../../src/log/cluster-log.ts';
import { holdLog, type Gate } from './held-log.ts';
import { connectLanesClient, settled } from './lanes-client.ts';
import { memoryGround, sharedRedisGround } from './lanes-ground.ts';
import { startTwoNodes } from './lanes-node.ts';

const scope = openScope(afterEach);
const ground = sharedRedisGround();

/** What a node hears, which may come in two pieces: from a topic's next entry on all waits until it is let through. */
function valve(log: ClusterLog) {
  let topic: string | undefined;
  let waiting: (() => void)[] | undefined;
  const pass = (hand: () => void): void => void (waiting === undefined ? hand() : waiting.push(hand));
  const listen = (listener: LogListener): void =>
    log.listen({
      onEntry(of, entry) {
        if (of === topic) waiting ??= [];
        pass(() => listener.onEntry(of, entry));
      },
      onSent: (of, body) => pass(() => listener.onSent(of, body)),
      onInterrupted: () => listener.onInterrupted(),
      onRestored: () => listener.onRestored(),
    });
  return {
    log: Object.create(log, { listen: { value: listen } }) as ClusterLog,
    get isShut() {
      return waiting !== undefined;
    },
    shutAt: (at: string) => void (topic = at),
    open() {
      const due = waiting ?? [];
      topic = waiting = undefined;
      for (const hand of due) hand();
    },
  };
}

/** Two nodes, of which the first hears through a valve and waits at a gate for some of its answers. */
async function startInPieces(method: 'tails' | 'read', topic: string) {
  const valves: ReturnType<typeof valve>[] = [];
  const gates: Gate[] = [];
  const pieces = memoryGround((log) => {
    const held = holdLog(log, method, (topics) => String(topics) === topic);
    gates.push(held.gate);
    const heard = valve(held.log);
    valves.push(heard);
    return heard.log;
  });
  const [one, two] = await startTwoNodes(scope, pieces);
  return { one, two, gate: gates[0] as Gate, hearing: valves[0] as ReturnType<typeof valve> };
}

describe('a broadcast to several rooms', () => {
  test('is heard once by each who is in any of them, on every node', async () => {
    const [one, two] = await startTwoNodes(scope, ground());
    const places = [one, one, two, two] as const;
    const clients = await Promise.all(places.map((node) => connectLanesClient(scope, node)));
    const rooms = [['a'], ['a', 'b'], ['b', 'c', 'a'], []];
    await Promise.all(clients.map((client, i) => client.join(places[i] ?? one, rooms[i] ?? [])));
    one.io.to(['a', 'b', 'c']).emit('said', 1);
    two.io.to(['c', 'b']).emit('said', 2);
    await settled(one, clients);
    await settled(two, clients);
    const said = clients.map((client) => client.firsts().toSorted());
    expect(said).toEqual([[1], [1, 2], [1, 2], []]);
  });

  test('leaves out those who are in a room that it excepts, now and when they come back', async () => {
    const [one, two] = await startTwoNodes(scope, ground());
    const clients = await Promise.all([one, one, two].map((node) => connectLanesClient(scope, node)));
    const [first, second, third] = clients as [never, never, never] as typeof clients & { length: 3 };
    if (first === undefined || second === undefined || third === undefined) throw new Error('three');
    await first.join(one, ['a', 'b']);
    await second.join(one, ['a', 'x']);
    await third.join(two, 'b');
    const say = (n: number): void => {
      two.io.to(['a', 'b']).except('x').emit('said', n);
      one.io.except(['x', 'y']).emit('all but x', n);
      first.at(one).to('a').emit('others of a', n);
    };
    say(1);
    await settled(one, clients);
    await settled(two, clients);
    await second.cut(one);
    await third.cut(two);
    say(2);
    await settled(one, [first]);
    await second.comeBack(two);
    await third.comeBack(one);
    await settled(one, clients);
    expect([second.socket.recovered, third.socket.recovered]).toEqual([true, true]);
    const of = (client: (typeof clients)[number]) =>
      ['said', 'all but x', 'others of a'].map((event) => client.firsts(event));
    expect(clients.map(of)).toEqual([
      [[1, 2], [1, 2], []],
      [[], [], [1, 2]],
      [[1, 2], [1, 2], []],
    ]);
  });

  test('is not heard again by who is moved into another of them that is not heard yet', async () => {
    const gates: Gate[] = [];
    const slow = memoryGround((log) => {
      const held = holdLog(log, 'subscribe', (topic) => topic === '/,new');
      gates.push(held.gate);
      return held.log;
    });
    const [one, two] = await startTwoNodes(scope, slow);
    const opener = await connectLanesClient(scope, one);
    const client = await connectLanesClient(scope, one);
    await client.join(one, 'old');
    for (const gate of gates) gate.shut();
    const joined = opener.join(one, 'new');
    await eventually(() => gates.some(({ waiting }) => waiting > 0));
    two.io.to(['old', 'new']).emit('said', 1);
    two.io.in('old').socketsJoin('new');
    await eventually(() => client.at(one).rooms.has('new'));
    for (const gate of gates) gate.open();
    await joined;
    await settled(two, [client, opener]);
    expect([client.firsts(), opener.firsts()]).toEqual([[1], [1]]);
  });

  test.each([
    ['before', ['new', 'old']],
    ['behind', ['old', 'new']],
  ])('keeps its place where the room that is named %s was joined just now', async (_place, rooms) => {
    const gates: Gate[] = [];
    const slow = memoryGround((log) => {
      const held = holdLog(log, 'subscribe', (topic) => topic === '/,new');
      gates.push(held.gate);
      return held.log;
    });
    const [one, two] = await startTwoNodes(scope, slow);
    const client = await connectLanesClient(scope, one);
    await client.join(one, 'old');
    for (const gate of gates) gate.shut();
    const joined = client.join(one, 'new');
    await eventually(() => gates.some(({ waiting }) => waiting > 0));
    two.io.to(rooms).emit('said', 1);
    two.io.to('old').emit('said', 2);
    await settled(two, [client]);
    for (const gate of gates) gate.open();
    await joined;
    await settled(two, [client]);
    expect(client.firsts()).toEqual([1, 2]);
  });

  test.each([
    ['before', ['new', 'old']],
    ['behind', ['old', 'new']],
  ])(
    'is not lost with a connection where the room that is named %s was joined just now',
    async (_place, rooms) => {
      const gates: Gate[] = [];
      const slow = memoryGround((log) => {
        const held = holdLog(log, 'subscribe', (topic) => topic === '/,new');
        gates.push(held.gate);
        return held.log;
      });
      const [one, two] = await startTwoNodes(scope, slow);
      const client = await connectLanesClient(scope, one);
      await client.join(one, 'old');
      for (const gate of gates) gate.shut();
      void client.join(one, 'new');
      await eventually(() => gates.some(({ waiting }) => waiting > 0));
      two.io.to(rooms).emit('said', 1);
      two.io.to('old').emit('said', 2);
      await settled(two, [client]);
      await client.cut(one);
      for (const gate of gates) gate.open();
      await client.comeBack(two);
      await settled(two, [client]);
      expect([client.socket.recovered, client.firsts().toSorted()]).toEqual([true, [1, 2]]);
    },
  );

  test.each(['joins', 'leaves'] as const)(
    'is heard once by who %s one of the rooms when half of it has come',
    async (what) => {
      // One position on several channels: they may come in two pieces, and all sorts of things happen in between.
      let between: (() => void) | undefined;
      const pieces = memoryGround((log, nodeId) => {
        const listen = (listener: LogListener): void =>
          log.listen({
            onEntry(topic, entry) {
              if (topic === '/,second') between?.();
              listener.onEntry(topic, entry);
            },
            onSent: (topic, body) => listener.onSent(topic, body),
            onInterrupted: () => listener.onInterrupted(),
            onRestored: () => listener.onRestored(),
          });
        return nodeId === 'one' ? (Object.create(log, { listen: { value: listen } }) as ClusterLog) : log;
      });
      const [one, two] = await startTwoNodes(scope, pieces);
      const client = await connectLanesClient(scope, one);
      const other = await connectLanesClient(scope, one);
      await other.join(one, ['first', 'second']);
      await client.join(one, what === 'joins' ? 'second' : ['first', 'second']);
      between = () => {
        between = undefined;
        if (what === 'joins') void client.at(one).join('first');
        else void client.at(one).leave('first');
      };
      two.io.to(['first', 'second']).emit('said', 1);
      await settled(two, [client, other]);
      expect([client.firsts(), other.firsts()]).toEqual([[1], [1]]);
    },
  );

  test('is heard once by who has caught up from the log when half of it has come', async () => {
    const { one, two, gate, hearing } = await startInPieces('tails', '/,other');
    const opener = await connectLanesClient(scope, one);
    const client = await connectLanesClient(scope, one);
    await opener.join(one, ['first', 'second', 'other']);
    await client.join(one, 'second');
    await settled(two, [opener, client]);
    gate.shut();
    const joined = client.join(one, 'other');
    two.io.to('other').emit('said', 1);
    await eventually(() => opener.firsts().length === 1);
    hearing.shutAt('/,second');
    two.io.to(['first', 'second']).emit('said', 2);
    await eventually(() => hearing.isShut && opener.firsts().length === 2);
    gate.open();
    await joined;
    await eventually(() => client.firsts().length === 1);
    hearing.open();
    await settled(two, [opener, client]);
    expect([opener.firsts(), client.firsts()]).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  test('is heard once by who comes back when half of it has come', async () => {
    const { one, two, gate, hearing } = await startInPieces('read', '/,second');
    const opener = await connectLanesClient(scope, one);
    const client = await connectLanesClient(scope, two);
    await opener.join(one, ['first', 'second']);
    await client.join(two, 'second');
    await client.cut(two);
    two.io.to('second').emit('said', 1);
    await settled(two, [opener]);
    gate.shut();
    client.head(one);
    await eventually(() => gate.waiting === 1, { describe: () => 'what it has missed is being read' });
    hearing.shutAt('/,second');
    two.io.to(['first', 'second']).emit('said', 2);
    await eventually(() => hearing.isShut && opener.firsts().length === 2);
    gate.open();
    await eventually(() => client.socket.connected && client.firsts().length === 1);
    hearing.open();
    await settled(two, [opener, client]);
    expect([client.socket.recovered, opener.firsts(), client.firsts()]).toEqual([true, [1, 2], [1, 2]]);
  });
});
