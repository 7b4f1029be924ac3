import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  connect,
  connectMembers,
  messagesHeard,
  openScope,
  startCluster,
  type Client,
  type Cluster,
  type Driver,
} from '@sluice/testkit';

const drivers: Driver[] = ['streams', 'sharded-pubsub'];

// Every sign that means something to Redis, to Socket.IO or to an adapter's channel names.
const names = [
  'a',
  'A',
  'ａ',
  'a ',
  'á',
  'a\u0301',
  'a#',
  'a##',
  '#a',
  'a:',
  ':a',
  'a::b',
  'a:b',
  'a%3Ab',
  'a%b',
  '{a}',
  '{a',
  'a}',
  '{}',
  '{}{a}',
  '*',
  '?',
  '[a]',
  'a*',
  '\\',
  '/',
  '/#',
  'room:a',
  'room:room:a',
  'sluice',
  'sluice:adapter-stream',
  'sluice:adapter#/#',
  'sluice:adapter#/#room:a#',
  '__proto__',
  'constructor',
  'toString',
  'null',
  '-',
  '+',
  '$',
  '0-0',
];

describe.each(drivers)('users over %s', (driver) => {
  const shared = openScope(afterAll);
  const scope = openScope(afterEach);
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster(shared, {
      nodes: 2,
      driver,
      env: { RATE_LIMIT_PER_SECOND: '5000', RATE_LIMIT_BURST: '5000' },
    });
  });

  test('hear of each room its own messages, whatever its name', async () => {
    const speaker = await connect(scope, cluster.gateway(0));
    const listeners = await Promise.all(
      names.map(async (name): Promise<[string, Client]> => {
        const [listener] = await connectMembers(scope, [cluster.gateway(1)], name);
        await speaker.join(name);
        return [name, listener];
      }),
    );
    for (const name of names) await speaker.say(name, name);
    for (const [name, listener] of listeners) {
      await listener.untilText(name, name);
      await messagesHeard(name, speaker, [listener]);
      const rooms = listener.heard('message:new').map((message) => message.room);
      expect({ name, rooms }).toEqual({ name, rooms: [name, name] });
      const { messages } = await listener.succeed('history:read', { room: name });
      expect(messages.map((message) => message.room)).toEqual([name, name]);
    }
  });

  test("hear nothing that is meant for somebody's socket, and cannot speak to one", async () => {
    const [victim, spy] = await connectMembers(scope, [cluster.gateway(0), cluster.gateway(0)], 'square');
    const id = victim.socket.id ?? '';
    for (const room of [id, `room:${id}`, victim.user]) {
      await spy.join(room);
      await spy.say(room, 'to the victim');
      await spy.untilText(room, 'to the victim');
    }
    // Its failure is told to the victim alone.
    victim.emitRaw('message:send', {});
    await victim.untilHeard('request:failed');
    await messagesHeard('square', victim, [victim, spy]);
    expect(spy.heard('request:failed')).toEqual([]);
    expect(spy.heard('session:ready')).toHaveLength(1);
    expect(victim.heard('message:new').map((message) => message.room)).toEqual(['square']);
  });

  test('cannot make their clientIds meet', async () => {
    // Each row joined by any sign gives the same string.
    const parts = ['x', 'y', 'z', 'w'];
    const sent = new Map<string, string>();
    for (const sign of [':', '/', '#', '%', '%3A', '\\', ' ', '","', '\u200D']) {
      for (const [first, second] of [
        [1, 2],
        [1, 3],
        [2, 3],
      ] as const) {
        const room = parts.slice(0, first).join(sign);
        const user = parts.slice(first, second).join(sign);
        const clientId = parts.slice(second).join(sign);
        const client = await connect(scope, cluster.gateway(0), { user });
        await client.join(room);
        const { id } = await client.say(room, 'mine', clientId);
        const heard = await client.untilHeard('message:new', (message) => message.id === id);
        expect(heard).toMatchObject({ room, user, clientId });
        sent.set(JSON.stringify([room, user, clientId]), id);
        client.close();
      }
    }
    expect(new Set(sent.values()).size).toBe(27);
  });
});
