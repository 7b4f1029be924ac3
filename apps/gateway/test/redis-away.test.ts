import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { MessageSend } from '@sluice/protocol';
import {
  connect,
  connectMembers,
  connectRefused,
  createTokenIssuer,
  eventually,
  messagesHeard,
  openScope,
  startCluster,
  startGateway,
  startRedis,
  uniqueName,
  wholeHistory,
  type Client,
  type Cluster,
  type Driver,
  type Gateway,
} from '@sluice/testkit';

const drivers: Driver[] = ['streams', 'sharded-pubsub'];
const deadlineMs = 5_000;
// A request that Redis does not answer may take this much longer than its deadline on a busy machine. Redis stays away until
// then: without the deadline there would be no answer at all.
const slackMs = 8_000;
const env = {
  REQUEST_DEADLINE_MS: String(deadlineMs),
  RATE_LIMIT_PER_SECOND: '10000',
  RATE_LIMIT_BURST: '10000',
};

async function untilHealth(gateways: readonly Gateway[], status: 200 | 503): Promise<void> {
  await eventually(
    async () => {
      const all = await Promise.all(gateways.map((gateway) => gateway.health('readyz')));
      return all.every((each) => each === status);
    },
    { timeoutMs: 15_000, describe: () => `/readyz is ${status} on ${gateways.map((g) => g.nodeId).join()}` },
  );
}

async function expectAlive(gateways: readonly Gateway[]): Promise<void> {
  for (const gateway of gateways) {
    expect(gateway.child.running).toBe(true);
    expect(await gateway.health('livez')).toBe(200);
  }
}

/** Sends again with the same clientId until the message is acknowledged, as a careful client does. */
async function settle(client: Client, message: MessageSend): Promise<string> {
  for (;;) {
    const answer = await client.request('message:send', message, deadlineMs + slackMs);
    if (answer.ok) return answer.id;
    expect(answer.error).toMatchObject({ code: 'unavailable', retryable: true });
  }
}

/** Members that speak as fast as they are answered, until told to stop. */
function speak(room: string, members: readonly Client[]) {
  const acknowledged = new Map<string, string>();
  const stopped = new AbortController();
  const speakers = members.map(async (member) => {
    for (let line = 1; !stopped.signal.aborted; line++) {
      const clientId = `${member.user.slice(-13)}/${line}`;
      acknowledged.set(clientId, await settle(member, { room, text: clientId, clientId }));
    }
  });
  return {
    acknowledged,
    untilMore: async (count: number) => {
      const enough = acknowledged.size + count;
      await eventually(() => acknowledged.size >= enough, {
        describe: () => `${enough} messages are acknowledged, of which ${acknowledged.size} are`,
      });
    },
    async stop() {
      stopped.abort();
      await Promise.all(speakers);
    },
  };
}

describe.each(drivers)('with Redis away, three gateways over %s', (driver) => {
  const shared = openScope(afterAll);
  const scope = openScope(afterEach);
  let cluster: Cluster;
  let gateways: [Gateway, Gateway, Gateway];

  beforeAll(async () => {
    cluster = await startCluster(shared, { nodes: 3, driver, env });
    gateways = [cluster.gateway(0), cluster.gateway(1), cluster.gateway(2)];
  });

  // Whatever a test did to Redis, the next one finds the cluster whole.
  afterEach(() => untilHealth(gateways, 200));

  test('killed and restarted in mid-traffic, nothing acknowledged is lost or doubled', async () => {
    const room = uniqueName('room');
    const members = await connectMembers(scope, gateways, room);
    const traffic = speak(room, members);
    await traffic.untilMore(60);
    await cluster.redis.kill();
    await untilHealth(gateways, 503);
    await expectAlive(gateways);
    await cluster.redis.restart();
    await untilHealth(gateways, 200);
    await traffic.untilMore(60);
    await traffic.stop();

    const written = await wholeHistory(members[0], room);
    expect(Object.fromEntries(written.map(({ clientId, id }) => [clientId, id]))).toEqual(
      Object.fromEntries(traffic.acknowledged),
    );
    expect(written).toHaveLength(traffic.acknowledged.size);
    const texts = written.map((message) => message.text);
    for (const heard of await messagesHeard(room, members[0], members)) {
      expect(heard).toEqual(texts);
    }
    await expectAlive(gateways);
  });

  test('a request waits, and succeeds where Redis returns in time', async () => {
    const room = uniqueName('room');
    // In time also where Redis takes long to start.
    const patienceMs = 30_000;
    const patient = await cluster.add(uniqueName('patient'), { REQUEST_DEADLINE_MS: String(patienceMs) });
    scope.onClose(() => patient.stop());
    const members = await connectMembers(scope, [patient, patient, patient], room);
    await cluster.redis.kill();
    const pending = Promise.all([
      members[0].request('message:send', { room, text: 'patience', clientId: 'c-1' }, patienceMs),
      members[1].request('history:read', { room }, patienceMs),
      members[2].request('room:join', { room: uniqueName('room') }, patienceMs),
    ]);
    await cluster.redis.restart();
    expect(await pending).toMatchObject([{ ok: true }, { ok: true }, { ok: true }]);
    expect((await wholeHistory(members[1], room)).map((message) => message.text)).toEqual(['patience']);
  });

  const outages: Array<[string, (redis: Cluster['redis']) => unknown, (redis: Cluster['redis']) => unknown]> =
    [
      ['killed', (redis) => redis.kill(), (redis) => redis.restart()],
      ['frozen', (redis) => redis.pause(), (redis) => redis.resume()],
    ];

  test.each(outages)(
    '%s for longer, a request is answered by its deadline, and a resend settles it',
    async (_, leave, comeBack) => {
      const room = uniqueName('room');
      const members = await connectMembers(scope, gateways, room);
      const [sender, , other] = members;
      const message = { room, text: 'once', clientId: randomUUID() };
      await leave(cluster.redis);
      const began = performance.now();
      const answers = await Promise.all([
        sender.request('message:send', message, deadlineMs + slackMs),
        sender.request('message:send', message, deadlineMs + slackMs),
        other.request('history:read', { room }, deadlineMs + slackMs),
      ]);
      const tookMs = performance.now() - began;
      const unavailable = { ok: false, error: { code: 'unavailable', retryable: true } };
      expect(answers).toMatchObject([unavailable, unavailable, unavailable]);
      expect(tookMs).toBeGreaterThan(deadlineMs * 0.9);
      expect(tookMs).toBeLessThan(deadlineMs + slackMs);
      await untilHealth(gateways, 503);
      await expectAlive(gateways);

      await comeBack(cluster.redis);
      const id = await settle(sender, message);
      await untilHealth(gateways, 200);
      const again = await connect(scope, gateways[1], { user: sender.user });
      await again.join(room);
      expect(await settle(again, message)).toBe(id);
      expect((await wholeHistory(other, room)).map((each) => each.id)).toEqual([id]);
      for (const heard of await messagesHeard(room, other, members)) {
        expect(heard).toEqual(['once']);
      }
    },
  );

  test('a room joined before is heard after, without joining again', async () => {
    const room = uniqueName('room');
    const members = await connectMembers(scope, gateways, room);
    await cluster.redis.kill();
    await untilHealth(gateways, 503);
    await cluster.redis.restart();
    await untilHealth(gateways, 200);
    await members[0].say(room, 'back again');
    await Promise.all(members.map((member) => member.untilText(room, 'back again')));
    for (const member of members) expect(member.texts(room)).toEqual(['back again']);
  });
});

describe.each(drivers)('a gateway over %s that starts while Redis is away', (driver) => {
  const scope = openScope(afterEach);

  test('is alive, refuses connections as retryable, and is ready when Redis comes', async () => {
    const redis = await startRedis(scope);
    await redis.kill();
    const issuer = createTokenIssuer();
    const gateway = await startGateway(scope, {
      redisUrl: redis.url,
      nodeId: 'early',
      issuer,
      driver,
      until: 'live',
    });
    expect(await gateway.health('readyz')).toBe(503);
    expect(await connectRefused(scope, gateway)).toEqual({ code: 'unavailable', retryable: true });
    await redis.restart();
    await gateway.waitReady();
    expect(await gateway.health('readyz')).toBe(200);
    const room = uniqueName('room');
    const [member] = await connectMembers(scope, [gateway], room);
    expect(await messagesHeard(room, member, [member])).toEqual([[]]);
  });
});
