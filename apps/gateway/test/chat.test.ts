import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  connect,
  connectMembers,
  messagesHeard,
  wholeHistory,
  openScope,
  startCluster,
  uniqueName,
  type Cluster,
  type Driver,
  type Gateway,
} from '@sluice/testkit';

const drivers: Driver[] = ['streams', 'sharded-pubsub'];
const numbered = (count: number, from = 1) => Array.from({ length: count }, (_, index) => `${index + from}`);

describe.each(drivers)('three gateways over %s', (driver) => {
  const shared = openScope(afterAll);
  const scope = openScope(afterEach);
  let cluster: Cluster;
  let gateways: [Gateway, Gateway, Gateway];

  beforeAll(async () => {
    cluster = await startCluster(shared, {
      nodes: 3,
      driver,
      env: { RATE_LIMIT_PER_SECOND: '5000', RATE_LIMIT_BURST: '5000', MAX_ROOMS_PER_SOCKET: '1000' },
    });
    gateways = [cluster.gateway(0), cluster.gateway(1), cluster.gateway(2)];
  });

  test('the first thing a client hears is who it is and where', async () => {
    const client = await connect(scope, gateways[1], { user: 'ada' });
    expect(client.journal.entries).toEqual([
      { kind: 'connected' },
      {
        kind: 'event',
        event: 'session:ready',
        payload: { user: 'ada', nodeId: gateways[1].nodeId, recovered: false },
      },
    ]);
  });

  test('a join and a leave in one breath are both answered, and a join after them is heard', async () => {
    const room = uniqueName('room');
    const [member, speaker] = await connectMembers(
      scope,
      [gateways[0], gateways[1]],
      uniqueName('elsewhere'),
    );
    await speaker.join(room);
    for (let round = 0; round < 20; round++) {
      const answers = await Promise.all([
        member.request('room:join', { room }),
        member.request('room:leave', { room }),
        member.request('room:join', { room }),
      ]);
      expect(answers).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
      await speaker.say(room, `round ${round}`);
      await member.untilText(room, `round ${round}`);
      await member.request('room:leave', { room });
    }
  });

  test('before the first of all ids there is nothing', async () => {
    const room = uniqueName('room');
    const [member] = await connectMembers(scope, [gateways[0]], room);
    await member.say(room, 'something');
    expect(await member.request('history:read', { room, before: '0-0' })).toEqual({
      ok: true,
      messages: [],
      more: false,
    });
  });

  test('a message reaches every member on every gateway, the sender included', async () => {
    const room = uniqueName('room');
    const members = await connectMembers(scope, gateways, room);
    const [sender] = members;
    const before = Date.now();
    const sent = await sender.succeed('message:send', { room, text: 'Grüße 👋\n', clientId: 'c-1' });
    const message = { room, user: sender.user, text: 'Grüße 👋\n', clientId: 'c-1', ...withoutOk(sent) };
    for (const member of members) {
      await member.untilHeard('message:new');
      expect(member.heard('message:new')).toEqual([message]);
    }
    expect(sent.sentAt).toBeGreaterThan(before - 5_000);
    expect(sent.sentAt).toBeLessThan(Date.now() + 5_000);
    expect(await wholeHistory(sender, room)).toEqual([message]);
  });

  test('members on all gateways speaking at once are each heard once, in the order of the history', async () => {
    const room = uniqueName('room');
    const members = await connectMembers(scope, gateways, room);
    const lines = members.flatMap((member, index) =>
      numbered(20).map((text) => member.say(room, `${index}/${text}`)),
    );
    await Promise.all(lines);
    const heard = await messagesHeard(room, members[0], members);
    const written = (await wholeHistory(members[1], room)).map((message) => message.text);
    expect(written).toHaveLength(60);
    expect(new Set(written).size).toBe(60);
    for (const texts of heard) expect(texts).toEqual(written);
  });

  test('nobody hears a room that they did not join or have left', async () => {
    const room = uniqueName('room');
    const other = uniqueName('room');
    const [speaker, left, stranger] = await connectMembers(scope, gateways, other);
    await Promise.all([speaker.join(room), left.join(room)]);
    await speaker.say(room, 'before');
    await left.untilText(room, 'before');
    await left.succeed('room:leave', { room });
    await speaker.say(room, 'after');
    await speaker.untilText(room, 'after');
    await messagesHeard(other, speaker, [left, stranger]);
    expect(left.texts(room)).toEqual(['before']);
    expect(stranger.texts(room)).toEqual([]);
  });

  test('from the acknowledgement of a join on, every message is heard', async () => {
    const [speaker, listener] = await connectMembers(scope, [gateways[0], gateways[1]], uniqueName('room'));
    for (const round of numbered(100)) {
      const room = uniqueName('room');
      await speaker.join(room);
      await listener.join(room);
      await speaker.say(room, round);
      await listener.untilText(room, round);
    }
    expect(listener.heard('message:new')).toHaveLength(100);
  });

  test('a room joined, left and joined again in one breath is heard', async () => {
    const room = uniqueName('room');
    const [speaker, resident] = await connectMembers(scope, [gateways[0], gateways[1]], room);
    const flapping = await connect(scope, gateways[1]);
    for (const round of numbered(25)) {
      await Promise.all([
        flapping.join(room),
        flapping.succeed('room:leave', { room }),
        flapping.join(room),
        flapping.succeed('room:leave', { room }),
        flapping.join(room),
      ]);
      await speaker.say(room, round);
      await flapping.untilText(room, round);
    }
    const [heard, heardByResident] = await messagesHeard(room, speaker, [flapping, resident]);
    expect(heard).toEqual(numbered(25));
    expect(heardByResident).toEqual(numbered(25));
  });

  test('joining twice is joining once, and leaving a room not joined does no harm', async () => {
    const room = uniqueName('room');
    const [member] = await connectMembers(scope, [gateways[0]], room);
    await member.join(room);
    expect(await messagesHeard(room, member, [member])).toEqual([[]]);
    expect(member.messages(room)).toHaveLength(1);
    expect(await member.request('room:leave', { room })).toEqual({ ok: true });
    expect(await member.request('room:leave', { room })).toMatchObject({ ok: true });
    await member.join(room);
  });

  test('typing is heard by the others, not by who types', async () => {
    const room = uniqueName('room');
    const members = await connectMembers(scope, gateways, room);
    const [typist, ...others] = members;
    typist.socket.emit('typing:set', { room, typing: true });
    // Volatile: it is not given to a connection that is being written to.
    for (const other of others) await other.untilHeard('typing:changed');
    typist.socket.emit('typing:set', { room, typing: false });
    for (const other of others) {
      await other.untilHeard('typing:changed', (change) => !change.typing);
      expect(other.heard('typing:changed')).toEqual([
        { room, user: typist.user, typing: true },
        { room, user: typist.user, typing: false },
      ]);
    }
    await messagesHeard(room, others[0], members);
    expect(typist.heard('typing:changed')).toEqual([]);
  });

  test('history scrolls back page by page, oldest first', async () => {
    const room = uniqueName('room');
    const [writer, reader] = await connectMembers(scope, [gateways[0], gateways[2]], room);
    expect(await reader.request('history:read', { room })).toEqual({ ok: true, messages: [], more: false });
    for (const text of numbered(60)) await writer.say(room, text);
    await reader.untilText(room, '60');

    const latest = await reader.succeed('history:read', { room });
    expect(latest.messages.map((message) => message.text)).toEqual(numbered(50, 11));
    expect(latest.more).toBe(true);

    const pages: string[][] = [];
    let before: string | undefined;
    for (let more = true; more;) {
      const page = await reader.succeed('history:read', {
        room,
        limit: 25,
        ...(before === undefined ? {} : { before }),
      });
      pages.unshift(page.messages.map((message) => message.text));
      before = page.messages[0]?.id;
      more = page.more;
    }
    expect(pages).toEqual([numbered(10), numbered(25, 11), numbered(25, 36)]);

    const exact = await reader.succeed('history:read', { room, limit: 60 });
    expect(exact).toMatchObject({ more: false });
    expect(exact.messages).toHaveLength(60);
    expect(exact.messages).toEqual(reader.messages(room));
    const oldest = exact.messages[0]?.id ?? '';
    expect(await reader.request('history:read', { room, before: oldest })).toEqual({
      ok: true,
      messages: [],
      more: false,
    });
  });
});

function withoutOk<Answer extends object>(answer: Answer): Omit<Answer, 'ok'> {
  const { ok: _, ...fields } = answer as Answer & { ok: true };
  return fields;
}
