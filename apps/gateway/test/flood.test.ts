import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  connect,
  connectMembers,
  eventually,
  messagesHeard,
  metricTotal,
  openScope,
  startCluster,
  uniqueName,
  within,
  type Client,
  type Cluster,
  type Gateway,
} from '@sluice/testkit';

const shared = openScope(afterAll);
const scope = openScope(afterEach);
let cluster: Cluster;
let gateway: Gateway;

beforeAll(async () => {
  cluster = await startCluster(shared, { nodes: 2 });
  gateway = cluster.gateway(0);
});

/** Bystanders of this gateway talk to each other, one round trip after the other, while `attack` goes on. */
async function undisturbed(attack: () => Promise<unknown>): Promise<void> {
  const room = uniqueName('room');
  const bystanders = await connectMembers(scope, [gateway, cluster.gateway(1)], room);
  const [near, far] = bystanders;
  const over = new AbortController();
  let lines = 0;
  const talk = async () => {
    while (!over.signal.aborted || lines < 5) {
      const began = performance.now();
      const text = String(++lines);
      await near.say(room, text);
      await far.untilText(room, text);
      // Below the limit that holds for them too.
      await eventually(() => performance.now() - began > 25);
    }
  };
  const talking = talk();
  await attack();
  over.abort();
  await talking;
  const spoken = Array.from({ length: lines }, (_, index) => String(index + 1));
  expect(await messagesHeard(room, near, bystanders)).toEqual([spoken, spoken]);
  expect(bystanders.map((each) => each.socket.connected)).toEqual([true, true]);
  expect(gateway.child.running).toBe(true);
}

/** Writes frames past Engine.IO's own encoder. */
function write(client: Client, frame: string | Uint8Array): void {
  const { transport } = client.socket.io.engine as unknown as {
    transport: { ws: { send(data: string | Uint8Array): void } };
  };
  transport.ws.send(frame);
}

async function counted(event: string, outcome: 'ok' | 'rate_limited'): Promise<number> {
  return metricTotal(await gateway.metrics(), 'sluice_events_total', { event, outcome });
}

async function disconnects(reason: string): Promise<number> {
  return metricTotal(await gateway.metrics(), 'sluice_disconnects_total', { reason });
}

// RATE_LIMIT_PER_SECOND, unless told otherwise.
const trickledPerMs = 50 / 1_000;

describe('10,000 events in a second from one connection', () => {
  test('are answered with rate_limited, then close the connection, and nobody else feels it', async () => {
    const [attacker] = await connectMembers(scope, [gateway], uniqueName('room'));
    const refusedBefore = await counted('room:leave', 'rate_limited');
    const acceptedBefore = await counted('room:leave', 'ok');
    const accepted = async () => (await counted('room:leave', 'ok')) - acceptedBefore;
    const codes = new Map<string, number>();
    const began = performance.now();
    await undisturbed(async () => {
      for (let event = 0; event < 10_000; event++) {
        attacker.emitRaw('room:leave', { room: 'x' }, (reply: { error?: { code: string } }) => {
          const code = reply.error?.code ?? 'ok';
          codes.set(code, (codes.get(code) ?? 0) + 1);
        });
      }
      expect(await attacker.untilDisconnected()).toBe('io server disconnect');
    });
    // The burst, and what trickled in meanwhile; the one event before was the join. Who is closed hears no more answers.
    const tookMs = performance.now() - began;
    await eventually(async () => (await accepted()) >= 99);
    expect(await accepted()).toBeLessThanOrEqual(101 + tookMs * trickledPerMs);
    expect(codes.get('ok') ?? 0).toBeLessThanOrEqual(await accepted());
    expect(codes.get('rate_limited')).toBeGreaterThan(900);
    expect([...codes.keys()].filter((code) => code !== 'ok')).toEqual(['rate_limited']);
    expect(await counted('room:leave', 'rate_limited')).toBeGreaterThanOrEqual(refusedBefore + 1_000);
    expect(await disconnects('server namespace disconnect')).toBeGreaterThanOrEqual(1);
  });

  test('of no meaning and without acknowledgement fare no better', async () => {
    const attacker = await connect(scope, gateway);
    await undisturbed(async () => {
      for (let event = 0; event < 10_000; event++) attacker.emitRaw(`nonsense ${event}`, event);
      await attacker.untilDisconnected();
    });
    expect(await counted('unknown', 'rate_limited')).toBeGreaterThanOrEqual(1_000);
    const failures = new Set(attacker.heard('request:failed').map((failure) => failure.error.code));
    expect([...failures].toSorted()).toEqual(['rate_limited', 'unknown_event']);
    // Names that clients make up must not become labels.
    const events = (await gateway.metrics())
      .filter(({ name }) => name === 'sluice_events_total')
      .flatMap((sample) => sample.labels['event'] ?? []);
    expect(new Set(events).size).toBeLessThan(10);
  });

  test('spread over five times the limit are refused, and become welcome again', async () => {
    const client = await connect(scope, gateway);
    const began = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 500 }, () => client.request('room:leave', { room: 'x' })),
    );
    const tookMs = performance.now() - began;
    const refused = answers.filter((answer) => !answer.ok);
    // All but the burst and what trickled in meanwhile.
    expect(refused.length).toBeGreaterThanOrEqual(399 - tookMs * trickledPerMs);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toEqual({
      ok: false,
      error: { code: 'rate_limited', message: expect.any(String), retryable: true },
    });
    await eventually(async () => (await client.request('room:leave', { room: 'x' })).ok);
    expect(client.socket.connected).toBe(true);
  });
});

test('a frame larger than allowed closes its connection', async () => {
  const attacker = await connect(scope, gateway);
  const before = await disconnects('transport error');
  await undisturbed(async () => {
    attacker.emitRaw('message:send', { room: 'x', text: 'x'.repeat(70_000), clientId: 'c' });
    expect(await attacker.untilDisconnected()).toBe('transport close');
  });
  expect(await disconnects('transport error')).toBe(before + 1);
});

describe('what is not Socket.IO', () => {
  const frames: Array<string | Uint8Array> = [
    '',
    'garbage',
    '9',
    '4',
    '49',
    '4garbage',
    '42[',
    '42{}',
    '42[]',
    '42[1]',
    '42[null]',
    '42["room:join"',
    '42["connect"]',
    '42["disconnect"]',
    '42["disconnecting"]',
    '42["newListener"]',
    '421e9["room:join",{"room":"x"}]',
    '4299999999999999999999["room:join",{"room":"x"}]',
    '451-["room:join"]',
    '451-["room:join",{"_placeholder":true,"num":99}]',
    '451000000000-["room:join",{"_placeholder":true,"num":0}]',
    '40',
    '40{}',
    '40{"token":"x"}',
    '40"x"',
    '40[]',
    '40/operators,{}',
    '42/operators,["x"]',
    '431[]',
    '43["x"]',
    '44{}',
    '2probe',
    '5',
    '6',
    'b!!!!',
    Buffer.from([0, 255, 1]),
    Buffer.alloc(60_000, 1),
  ];

  test('as WebSocket frames at worst closes its own connection', async () => {
    const parseErrors = await disconnects('parse error');
    await undisturbed(async () => {
      for (const frame of frames) {
        const attacker = await connect(scope, gateway);
        write(attacker, frame);
        write(attacker, frame);
        // A connection that survived answers, one that did not is closed: either says that the frame was read.
        const survived = new Promise((resolve) => {
          attacker.emitRaw('room:leave', { room: 'x' }, resolve);
        });
        const closed = new Promise((resolve) => {
          attacker.socket.once('disconnect', resolve);
        });
        await within(Promise.race([survived, closed]), { describe: () => `an answer to ${String(frame)}` });
        attacker.close();
      }
    });
    expect(await disconnects('parse error')).toBeGreaterThan(parseErrors);
    const errors = gateway.logs.entries.filter((line) => Number(line['level']) >= 50);
    expect(errors).toEqual([]);
  });

  test('as long-polling requests is refused', async () => {
    const polling = (query: string, init: RequestInit = {}) =>
      fetch(`${gateway.url}/socket.io/?${query}`, { ...init, signal: AbortSignal.timeout(10_000) });
    const before = metricTotal(await gateway.metrics(), 'sluice_transport_errors_total');
    await undisturbed(async () => {
      const refused: Array<[string, RequestInit]> = [
        ['', {}],
        ['EIO=4', {}],
        ['EIO=3&transport=polling', {}],
        ['EIO=4&transport=carrier-pigeon', {}],
        ['EIO=4&transport=constructor', {}],
        ['EIO=4&transport=websocket', {}],
        ['EIO=4&transport=polling&sid=nobody', {}],
        ['EIO=4&transport=polling&sid=__proto__', {}],
        ['EIO=4&transport=polling&sid=gateway-1.x', { method: 'POST', body: '4x' }],
        ['EIO=4&transport=polling', { method: 'POST', body: '40' }],
        ['EIO=4&transport=polling', { method: 'DELETE' }],
      ];
      for (const [query, init] of refused) {
        const { status } = await polling(query, init);
        expect({ query, refused: status >= 400 && status < 500 }).toEqual({ query, refused: true });
      }
      for (const body of ['garbage', '4\u001e\u001e4', '40\u001e42["x"', 'x'.repeat(100_000)]) {
        const opened = await (await polling('EIO=4&transport=polling')).text();
        const { sid } = JSON.parse(opened.slice(1)) as { sid: string };
        const { status } = await polling(`EIO=4&transport=polling&sid=${sid}`, { method: 'POST', body });
        expect([200, 400, 413]).toContain(status);
      }
    });
    expect(metricTotal(await gateway.metrics(), 'sluice_transport_errors_total')).toBeGreaterThanOrEqual(
      before + 10,
    );
  });
});
