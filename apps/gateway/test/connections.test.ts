import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  connect,
  connectMembers,
  eventually,
  openScope,
  startCluster,
  uniqueName,
  type Cluster,
  type Driver,
  type Gateway,
  type RedisServer,
} from '@sluice/testkit';

const drivers: Driver[] = ['streams', 'sharded-pubsub'];

interface Inventory {
  readonly ready: boolean;
  readonly connections: ReadonlyArray<{
    readonly name: string;
    readonly role: string;
    readonly state: string;
    readonly opened: number;
  }>;
}

const inventoryOf = async (gateway: Gateway) => (await gateway.inspect('/redis')) as Inventory;

describe.each(drivers)('the connections to Redis of gateways over %s', (driver) => {
  const scope = openScope(afterEach);
  let cluster: Cluster;
  beforeEach(async () => {
    cluster = await startCluster(scope, { nodes: 2, driver });
  });

  const namesInRedis = async () => (await cluster.redis.clients()).map((each) => each['name']).toSorted();

  /** The one truth of Redis against what all gateways together claim. */
  async function lookExactly(gateways: readonly Gateway[], opened: number): Promise<void> {
    const inventories = await Promise.all(gateways.map(inventoryOf));
    const claimed = inventories.flatMap(({ connections }) => connections.map(({ name }) => name));
    expect(await namesInRedis()).toEqual(claimed.toSorted());
    expect(new Set(claimed).size).toBe(claimed.length);
    for (const [index, { connections, ready }] of inventories.entries()) {
      expect(ready).toBe(true);
      // As docs/drivers.md says.
      expect(connections).toHaveLength(driver === 'streams' ? 3 : 2);
      for (const { name, role, state, opened: times } of connections) {
        const purpose = role === 'reader' ? ':[a-z-]+' : '';
        expect(name).toMatch(new RegExp(`^sluice:${gateways[index]?.nodeId}:${role}${purpose}$`));
        expect(['commands', 'subscriber', 'reader']).toContain(role);
        expect({ name, state }).toEqual({ name, state: 'ready' });
        expect(times).toBeGreaterThanOrEqual(opened);
      }
    }
  }

  /** A connection that was lost because the machine stood still is made anew: what counts is where it ends. */
  async function expectExactly(gateways: readonly Gateway[], opened: number): Promise<void> {
    await eventually(async () => {
      await lookExactly(gateways, opened);
      return true;
    });
  }

  test('are exactly those that each node claims: at rest, under load, after a restart of Redis', async () => {
    const { gateways, redis } = cluster;
    await expectExactly(gateways, 1);

    const targets = Array.from({ length: 20 }, (_, index) => cluster.gateway(index % 2));
    const rooms = targets.map(() => uniqueName('room'));
    const members = await connectMembers(scope, targets, 'shared');
    await Promise.all(members.map((member, index) => member.join(rooms[index] ?? '')));
    const load = members.flatMap((member, index) =>
      Array.from({ length: 10 }, (_, line) =>
        member.say(line % 2 === 0 ? (rooms[index] ?? '') : 'shared', 'x'),
      ),
    );
    const seen: (string | undefined)[][] = [];
    const busy = Promise.all(load);
    for (let look = 0; look < 10; look++) seen.push(await namesInRedis());
    await busy;
    await expectExactly(gateways, 1);
    // At no moment under load were there others.
    const steady = await namesInRedis();
    for (const names of seen) expect(names.filter((name) => !steady.includes(name))).toEqual([]);

    await redis.kill();
    await eventually(async () => (await Promise.all(gateways.map(inventoryOf))).every(({ ready }) => !ready));
    await redis.restart();
    await eventually(async () => (await Promise.all(gateways.map(inventoryOf))).every(({ ready }) => ready));
    await expectExactly(gateways, 2);
  });

  test('end with the node, whose clients go elsewhere', async () => {
    const room = uniqueName('room');
    const [leaving, staying] = [cluster.gateway(0), cluster.gateway(1)];
    const [bystander] = await connectMembers(scope, [staying], room);
    const client = await connect(scope, leaving, {
      socket: { reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 100 },
    });
    await client.join(room);
    client.moveTo(staying.url);

    const began = performance.now();
    const exit = leaving.stop();
    // Not "io server disconnect": after that a stock client would not come back by itself.
    expect(await client.untilDisconnected()).toBe('transport close');
    expect(await client.untilReady(2)).toMatchObject({ nodeId: staying.nodeId });
    expect(await exit).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeLessThan(30_000);
    await expectExactly([staying], 1);

    await client.join(room);
    await client.say(room, 'moved');
    await bystander.untilText(room, 'moved');
  });
});

describe('a gateway that is told to end', () => {
  const scope = openScope(afterEach);

  test('says it is not ready while it drains, and serves whoever has it or comes', async () => {
    const cluster = await startCluster(scope, { nodes: 1, env: { DRAIN_MS: '15000' } });
    const gateway = cluster.gateway(0);
    const client = await connect(scope, gateway);
    const exit = gateway.stop();
    await eventually(async () => (await gateway.health('readyz')) === 503);
    expect(await gateway.health('livez')).toBe(200);
    // Those it has are served until the end.
    await client.join('lobby');
    expect(await client.say('lobby', 'still here')).toMatchObject({ ok: true });
    // A refusal would end a stock client's own reconnecting.
    const late = await connect(scope, gateway);
    await late.join('lobby');
    expect(await exit).toEqual({ code: 0, signal: null });
  });

  test.each([
    ['is away', (redis: RedisServer) => redis.kill()],
    // Nothing says so: what is asked of it waits until its own time is over, which is longer than a gateway has to end.
    ['answers nothing', (redis: RedisServer) => Promise.resolve(redis.pause())],
  ])('ends although Redis %s and requests wait for it', async (_, lose) => {
    const cluster = await startCluster(scope, { nodes: 1 });
    const gateway = cluster.gateway(0);
    const [client] = await connectMembers(scope, [gateway], 'lobby');
    await lose(cluster.redis);
    client.emitRaw('message:send', { room: 'lobby', text: 'x', clientId: 'c' }, () => undefined);
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
  });

  test('ends although it has not found Redis yet', async () => {
    const cluster = await startCluster(scope, { nodes: 1 });
    await cluster.redis.kill();
    const gateway = await cluster.add('early', {}, 'live');
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
  });
});
