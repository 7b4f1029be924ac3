import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  connect,
  createTokenIssuer,
  eventually,
  openScope,
  startFront,
  startGateway,
  startRedis,
  withScope,
  type Client,
  type Front,
  type Gateway,
  type RedisServer,
  type Scope,
} from '@sluice/testkit';

const nodeIds = ['gateway-1', 'gateway-2', 'gateway-3'];
const transports = { polling: ['polling'], websocket: ['websocket'], upgrade: ['polling', 'websocket'] };

/** The shipped configuration, over real gateways and a real Redis. */
describe('the HAProxy in front of three gateways', () => {
  const shared = openScope(afterAll);
  const issuer = createTokenIssuer();
  let redis: RedisServer;
  let gateways: Gateway[];
  let front: Front;

  beforeAll(async () => {
    redis = await startRedis(shared);
    gateways = await Promise.all(
      nodeIds.map((nodeId) => startGateway(shared, { redisUrl: redis.url, nodeId, issuer })),
    );
    front = await startFront(shared, gateways);
    await untilAllServe();
  });

  /** Connects through the front; the client remembers no cookies, as no client outside a browser does. */
  async function join(scope: Scope, transport: keyof typeof transports): Promise<Client> {
    const target = { url: front.url, issuer };
    return await connect(scope, target, { socket: { transports: transports[transport] } });
  }

  /** Resolves when new connections reach every gateway. */
  async function untilAllServe(): Promise<void> {
    const seen = new Set<string>();
    await withScope(async (scope) => {
      await eventually(async () => {
        seen.add(await nodeOf(await join(scope, 'websocket')));
        return seen.size === nodeIds.length;
      });
    });
  }

  async function frontStatus(path: string): Promise<number> {
    const response = await fetch(front.url + path);
    await response.arrayBuffer();
    return response.status;
  }

  test.each(['polling', 'websocket', 'upgrade'] as const)(
    'spreads connections over all gateways and keeps each on its own: %s',
    async (transport) => {
      await withScope(async (scope) => {
        const clients: Client[] = [];
        // One after the other: parallel requests of a round robin can hide that nothing is sticky.
        for (let index = 0; index < 9; index++) {
          const client = await join(scope, transport);
          await client.join('sticky');
          await client.say('sticky', `from ${index}`);
          clients.push(client);
        }
        for (const client of clients) await client.say('sticky', 'still here');
        await Promise.all(clients.map((client) => client.untilText('sticky', 'from 8')));
        const perNode = countBy(await Promise.all(clients.map(nodeOf)));
        // A gateway that misses one look at its health on a busy machine is passed over once.
        expect(Object.keys(perNode).toSorted()).toEqual(['gateway-1', 'gateway-2', 'gateway-3']);
        // Between two polls a client holds no request, and `leastconn` counts those.
        if (transport !== 'polling') expect(Math.min(...Object.values(perNode))).toBeGreaterThanOrEqual(2);
        expect(clients.map(disconnections)).toEqual(clients.map(() => []));
      });
    },
  );

  test('a gateway that is killed costs no new connection; restarted, it is used again', async () => {
    await withScope(async (scope) => {
      const before = await Promise.all([1, 2, 3, 4, 5, 6].map(() => join(scope, 'websocket')));
      const victim = named(gateways, 'gateway-2');
      await victim.kill();
      const after: string[] = [];
      for (let index = 0; index < 50; index++) {
        const transport = index % 2 === 0 ? 'websocket' : 'polling';
        const client = await join(scope, transport).catch(async (error: unknown) => {
          // Where the machine stood still, the two that are left are not ready for a moment: not for the kill's sake.
          if ((await frontStatus('/readyz')) === 200) throw error;
          await eventually(async () => (await frontStatus('/readyz')) === 200);
          return await join(scope, transport);
        });
        after.push(await nodeOf(client));
      }
      expect(Object.keys(countBy(after)).toSorted()).toEqual(['gateway-1', 'gateway-3']);
      for (const client of before) {
        const isVictims = (await nodeOf(client)) === victim.nodeId;
        expect(disconnections(client)).toEqual(isVictims ? ['transport close'] : []);
      }

      const { port } = new URL(victim.url);
      const env = { PORT: port };
      await startGateway(shared, { redisUrl: redis.url, nodeId: victim.nodeId, issuer, env });
      // It has the fewest connections: the first new one after the next health check is its.
      await eventually(async () => (await nodeOf(await join(scope, 'websocket'))) === victim.nodeId);
    });
  });

  test('Redis restarts: meanwhile the front shows a page that reloads itself, and connections live on', async () => {
    await withScope(async (scope) => {
      const clients = [
        ...(await Promise.all([1, 2, 3].map(() => join(scope, 'websocket')))),
        ...(await Promise.all([1, 2, 3].map(() => join(scope, 'polling')))),
      ];
      for (const client of clients) await client.join('survivors');
      await redis.kill();
      // The page comes from the front itself: it has noticed every gateway's 503.
      await eventually(async () => (await frontStatus('/')) === 503, { timeoutMs: 30_000 });
      const page = await fetch(front.url);
      expect(page.status).toBe(503);
      expect(page.headers.get('content-type')).toMatch('text/html');
      expect(await page.text()).toMatch('http-equiv="refresh"');

      await redis.restart();
      await eventually(async () => (await frontStatus('/readyz')) === 200, { timeoutMs: 30_000 });
      for (const [index, client] of clients.entries()) {
        await eventually(async () => {
          const payload = { room: 'survivors', text: `after ${index}`, clientId: `after-${index}` };
          return (await client.request('message:send', payload)).ok;
        });
      }
      expect(clients.map(disconnections)).toEqual(clients.map(() => []));
      await untilAllServe();
    });
  });

  test('a session of a gateway that is gone is refused at once, not kept waiting', async () => {
    const response = await fetch(`${front.url}/socket.io/?EIO=4&transport=polling&sid=gateway-9.gone`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ message: 'Session ID unknown' });
  });

  test('the routes of operators are not to be had', async () => {
    for (const path of ['/metrics', '/node', '/operators', '/operators/anything']) {
      expect([path, await frontStatus(path)]).toEqual([path, 404]);
    }
    expect(await frontStatus('/livez')).toBe(200);
  });

  test('its log never carries a session id', () => {
    const log = front.child.output.entries.map((line) => line.text);
    // The kill above left failed requests of its sessions there.
    expect(log.filter((line) => line.includes('/socket.io/'))).not.toEqual([]);
    expect(log.filter((line) => line.includes('sid='))).toEqual([]);
  });
});

function named(gateways: readonly Gateway[], nodeId: string): Gateway {
  const gateway = gateways.find((candidate) => candidate.nodeId === nodeId);
  if (gateway === undefined) throw new Error(`${nodeId} was not started`);
  return gateway;
}

async function nodeOf(client: Client): Promise<string> {
  return (await client.untilReady()).nodeId;
}

function disconnections(client: Client): string[] {
  return client.journal.entries.flatMap((incident) =>
    incident.kind === 'disconnected' ? [incident.reason] : [],
  );
}

function countBy(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
