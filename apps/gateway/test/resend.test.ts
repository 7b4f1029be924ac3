import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { MessageSent } from '@sluice/protocol';
import {
  connect,
  connectMembers,
  messagesHeard,
  openScope,
  startCluster,
  uniqueName,
  wholeHistory,
  type Client,
  type Cluster,
  type Driver,
  type Gateway,
} from '@sluice/testkit';

const drivers: Driver[] = ['streams', 'sharded-pubsub'];

describe.each(drivers)('sending the same clientId again, over %s', (driver) => {
  const shared = openScope(afterAll);
  const scope = openScope(afterEach);
  let cluster: Cluster;
  let gateways: [Gateway, Gateway, Gateway];

  beforeAll(async () => {
    cluster = await startCluster(shared, { nodes: 3, driver });
    gateways = [cluster.gateway(0), cluster.gateway(1), cluster.gateway(2)];
  });

  let room: string;
  let user: string;
  let listeners: [Client, Client, Client];
  const clientId = 'the-one';
  const at = async (gateway: Gateway): Promise<Client> => {
    const client = await connect(scope, gateway, { user });
    await client.join(room);
    return client;
  };
  const send = (client: Client, text = 'once') => client.succeed('message:send', { room, text, clientId });
  const expectOnce = async (text = 'once') => {
    for (const heard of await messagesHeard(room, listeners[0], listeners)) expect(heard).toEqual([text]);
    expect((await wholeHistory(listeners[0], room)).map((message) => message.text)).toEqual([text]);
  };

  async function listen() {
    room = uniqueName('room');
    user = uniqueName('sender');
    listeners = await connectMembers(scope, gateways, room);
  }

  test('to the same gateway gives the first answer, and the first text stays', async () => {
    await listen();
    const sender = await at(gateways[0]);
    const first = await send(sender);
    expect(await send(sender)).toEqual(first);
    expect(await send(sender, 'another text')).toEqual(first);
    await expectOnce();
  });

  test('to another gateway', async () => {
    await listen();
    const first = await send(await at(gateways[0]));
    expect(await send(await at(gateways[1]))).toEqual(first);
    await expectOnce();
  });

  test('while the first is in flight, on two gateways at once and twenty times over', async () => {
    await listen();
    const senders: [Client, Client] = [await at(gateways[0]), await at(gateways[1])];
    const turns = Array.from({ length: 20 }, (_, index) => senders[index % 2] ?? senders[0]);
    const answers = await Promise.all(turns.map((sender) => send(sender)));
    expect(new Set(answers.map((answer) => answer.id)).size).toBe(1);
    expect(new Set(answers.map((answer) => answer.sentAt)).size).toBe(1);
    await expectOnce();
  });

  test('after its gateway was killed with the answer given', async () => {
    await listen();
    const doomed = await cluster.add(uniqueName('doomed'));
    const first = await send(await at(doomed));
    await doomed.kill();
    expect(await send(await at(gateways[2]))).toEqual(first);
    await expectOnce();
  });

  test('after its gateway was killed in the middle of many', async () => {
    await listen();
    const doomed = await cluster.add(uniqueName('doomed'));
    const sender = await at(doomed);
    const lines = Array.from({ length: 60 }, (_, index) => `line ${index}`);
    const answered = new Map<string, string>();
    for (const line of lines) {
      const message = { room, text: line, clientId: line };
      sender.emitRaw('message:send', message, (answer: MessageSent) => answered.set(line, answer.id));
    }
    // Some are written by now and not all are answered.
    await listeners[0].untilText(room, 'line 0');
    await doomed.kill();
    const successor = await at(gateways[1]);
    const ids = new Map<string, string>();
    for (const line of lines) ids.set(line, (await successor.say(room, line, line)).id);
    expect([...ids]).toEqual(expect.arrayContaining([...answered]));
    const written = await wholeHistory(listeners[0], room);
    expect(written.map((message) => message.text).toSorted()).toEqual(lines.toSorted());
    const texts = written.map((message) => message.text);
    for (const heard of await messagesHeard(room, listeners[0], listeners)) expect(heard).toEqual(texts);
  });

  test('as another user, or in another room, is another message', async () => {
    await listen();
    const first = await send(await at(gateways[0]));
    const byAnother = await send(listeners[0], 'twice');
    expect(byAnother.id).not.toBe(first.id);
    const elsewhere = uniqueName('room');
    await listeners[0].join(elsewhere);
    await listeners[0].say(elsewhere, 'thrice', clientId);
    await listeners[0].untilText(elsewhere, 'thrice');
    const [heard] = await messagesHeard(room, listeners[0], [listeners[2]]);
    expect(heard).toEqual(['once', 'twice']);
  });
});
