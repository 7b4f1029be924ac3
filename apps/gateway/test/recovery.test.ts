import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  connectMembers,
  eventually,
  messagesHeard,
  openScope,
  startCluster,
  uniqueName,
  wholeHistory,
  type Driver,
  type Gateway,
  type Scope,
} from '@sluice/testkit';

type Gateways = [Gateway, Gateway, Gateway];

async function threeGateways(scope: Scope, driver: Driver): Promise<Gateways> {
  const cluster = await startCluster(scope, { nodes: 3, driver });
  return [cluster.gateway(0), cluster.gateway(1), cluster.gateway(2)];
}

/** A listener whose connection to `from` is cut, and who returns to `to` once three messages were missed. */
async function cutAndMiss(scope: Scope, [from, , elsewhere]: Gateways, to: Gateway) {
  const room = uniqueName('room');
  const [speaker] = await connectMembers(scope, [elsewhere], room);
  const [listener] = await connectMembers(scope, [from], room);
  await speaker.say(room, 'heard');
  await listener.untilText(room, 'heard');
  listener.cut();
  await listener.untilDisconnected();
  await eventually(async () => (await connectionsOf(from)) === 0, { describe: () => 'the gateway notices' });
  for (const text of ['1', '2', '3']) await speaker.say(room, text);
  const incidents = listener.journal.entries.length;
  listener.moveTo(to.url);
  listener.socket.connect();
  const session = await listener.untilReady(2);
  return { room, speaker, listener, session, since: listener.journal.entries.slice(incidents) };
}

async function connectionsOf(gateway: Gateway): Promise<number> {
  return ((await gateway.inspect('/node')) as { connections: number }).connections;
}

const ways: Array<[string, 0 | 1]> = [
  ['the same gateway', 0],
  ['another gateway', 1],
];

describe('a connection cut for a moment, over streams', () => {
  const shared = openScope(afterAll);
  const scope = openScope(afterEach);
  let gateways: Gateways;
  beforeAll(async () => {
    gateways = await threeGateways(shared, 'streams');
  });

  test.each(ways)('returns to %s and hears what it missed before it is ready', async (_, to) => {
    const { room, speaker, listener, session, since } = await cutAndMiss(scope, gateways, gateways[to]);
    expect(session).toEqual({ user: listener.user, nodeId: gateways[to].nodeId, recovered: true });
    expect(listener.socket.recovered).toBe(true);
    const order = since.map((incident) => (incident.kind === 'event' ? incident.event : incident.kind));
    expect(order).toEqual(['connected', 'message:new', 'message:new', 'message:new', 'session:ready']);
    // Still a member: it hears, and it may speak.
    await listener.say(room, '4');
    const [heard, heardBySpeaker] = await messagesHeard(room, speaker, [listener, speaker]);
    expect(heard).toEqual(['heard', '1', '2', '3', '4']);
    expect(heardBySpeaker).toEqual(heard);
  });

  test('returns twice and hears everything once', async () => {
    const { room, speaker, listener } = await cutAndMiss(scope, gateways, gateways[1]);
    listener.cut();
    await eventually(async () => (await connectionsOf(gateways[1])) === 0);
    await speaker.say(room, '4');
    listener.moveTo(gateways[0].url);
    listener.socket.connect();
    expect(await listener.untilReady(3)).toMatchObject({ recovered: true, nodeId: gateways[0].nodeId });
    const [heard] = await messagesHeard(room, speaker, [listener]);
    expect(heard).toEqual(['heard', '1', '2', '3', '4']);
  });

  test("cannot return with somebody else's token", async () => {
    const room = uniqueName('room');
    const [speaker, listener] = await connectMembers(scope, [gateways[2], gateways[0]], room);
    await speaker.say(room, 'heard');
    await listener.untilText(room, 'heard');
    listener.cut();
    await eventually(async () => (await connectionsOf(gateways[0])) === 0);
    await speaker.say(room, 'not for thieves');
    listener.socket.auth = { token: await listener.token('thief') };
    const heardBefore = listener.heard('message:new').length;
    const refused = new Promise((resolve) => {
      listener.socket.once('connect_error', resolve);
    });
    listener.socket.connect();
    expect(await refused).toMatchObject({ data: { code: 'unauthorized', retryable: false } });
    expect(listener.heard('message:new')).toHaveLength(heardBefore);
  });
});

describe('a connection cut for a moment, over sharded-pubsub', () => {
  const shared = openScope(afterAll);
  const scope = openScope(afterEach);
  let gateways: Gateways;
  beforeAll(async () => {
    gateways = await threeGateways(shared, 'sharded-pubsub');
  });

  test.each(ways)('returns to %s and finds what it missed in the history', async (_, to) => {
    const { room, speaker, listener, session } = await cutAndMiss(scope, gateways, gateways[to]);
    expect(session).toEqual({ user: listener.user, nodeId: gateways[to].nodeId, recovered: false });
    await listener.join(room);
    const texts = (await wholeHistory(listener, room)).map((message) => message.text);
    expect(texts).toEqual(['heard', '1', '2', '3']);
    await speaker.say(room, '4');
    await listener.untilText(room, '4');
    expect(listener.texts(room)).toEqual(['heard', '4']);
  });
});
