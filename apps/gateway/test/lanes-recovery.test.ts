import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  connect,
  eventually,
  messagesHeard,
  metricTotal,
  openScope,
  startCluster,
  uniqueName,
  type Client,
  type Cluster,
  type Gateway,
} from '@sluice/testkit';
import { connectionsOf, returning, startBalancer, type Balancer } from './lanes-support.ts';

const shared = openScope(afterAll);
const scope = openScope(afterEach);
let cluster: Cluster;
let survivors: Gateway[];

beforeAll(async () => {
  cluster = await startCluster(shared, {
    nodes: 2,
    driver: 'lanes',
    env: { RATE_LIMIT_PER_SECOND: '10000', RATE_LIMIT_BURST: '10000' },
  });
  survivors = [...cluster.gateways];
});

/** What a node's clients may be like when it goes. */
interface Company {
  readonly busy: string;
  readonly quiet: string;
  readonly clients: Readonly<Record<string, { readonly client: Client; readonly rooms: readonly string[] }>>;
  readonly speaker: Client;
  readonly balancer: Balancer;
}

async function gather(victim: Gateway): Promise<Company> {
  const balancer = await startBalancer(scope, victim);
  const busy = uniqueName('busy');
  const quiet = uniqueName('quiet');
  const speaker = await connect(scope, cluster.gateway(0), { user: uniqueName('speaker') });
  await speaker.join(busy);
  await speaker.join(quiet);
  const member = async (...rooms: string[]): Promise<Company['clients'][string]> => {
    const client = await connect(scope, balancer, { user: uniqueName('member'), socket: returning });
    for (const room of rooms) await client.join(room);
    return { client, rooms };
  };
  const clients = {
    listening: await member(busy),
    inBoth: await member(busy, quiet),
    // Has heard nothing but that it is connected, and so has no offset to come back with.
    idle: await member(quiet),
    alone: await member(),
  };
  await speaker.say(busy, 'heard');
  await clients.listening.client.untilText(busy, 'heard');
  await clients.inBoth.client.untilText(busy, 'heard');
  // Joined when the node has but moments left.
  const late = await member(quiet);
  return { busy, quiet, clients: { ...clients, late }, speaker, balancer };
}

/** What was said in each of the two rooms, in order. */
interface Said {
  readonly busy: string[];
  readonly quiet: string[];
}

/** Says numbered lines in both rooms, one after the other, until told to stop. */
function talk({ speaker, busy, quiet }: Company): { stop(): Promise<Said> } {
  const said: Said = { busy: ['heard'], quiet: [] };
  const enough = new AbortController();
  const work = (async () => {
    for (let line = 0; !enough.signal.aborted || line < 20; line++) {
      const [room, lines] = line % 2 === 0 ? [busy, said.busy] : [quiet, said.quiet];
      await speaker.say(room, `line ${line}`);
      lines.push(`line ${line}`);
    }
  })();
  return {
    async stop() {
      enough.abort();
      await work;
      return said;
    },
  };
}

/** What each heard, once it has heard everything: the lines of each room. */
async function heardBy({ busy, quiet, clients, speaker }: Company): Promise<Record<string, Said>> {
  const members = Object.values(clients);
  await messagesHeard(
    busy,
    speaker,
    members.filter(({ rooms }) => rooms.includes(busy)).map(({ client }) => client),
  );
  await messagesHeard(
    quiet,
    speaker,
    members.filter(({ rooms }) => rooms.includes(quiet)).map(({ client }) => client),
  );
  const lines = (client: Client, room: string): string[] =>
    client.texts(room).filter((text) => !text.startsWith('marker-'));
  return Object.fromEntries(
    Object.entries(clients).map(([name, { client }]) => [
      name,
      { busy: lines(client, busy), quiet: lines(client, quiet) },
    ]),
  );
}

function whole({ busy, quiet }: Said): Record<string, Said> {
  return {
    listening: { busy, quiet: [] },
    inBoth: { busy, quiet },
    idle: { busy: [], quiet },
    alone: { busy: [], quiet: [] },
    late: { busy: [], quiet },
  };
}

/** The numbers of the lines of both rooms in the order in which they were heard. */
function orderHeard(client: Client): number[] {
  const lines = client.heard('message:new').filter(({ text }) => text.startsWith('line '));
  return lines.map(({ text }) => Number(text.slice('line '.length)));
}

/** Waits for each client's session number `times`, which must be recovered, and elsewhere. */
async function untilBack({ clients }: Company, times: number): Promise<void> {
  for (const { client } of Object.values(clients)) {
    const { recovered, nodeId } = await client.untilReady(times, { timeoutMs: 60_000 });
    const { user } = client;
    expect({ user, recovered, dead: nodeId === 'victim' }).toEqual({ user, recovered: true, dead: false });
    expect(client.socket.recovered).toBe(true);
  }
}

test('all clients of a node that is killed have all they missed elsewhere, idle ones too', async () => {
  const victim = await cluster.add('victim');
  const company = await gather(victim);
  const { balancer, speaker, quiet } = company;
  const clients = Object.values(company.clients).map(({ client }) => client);
  const ids = clients.map(({ socket }) => socket.id);
  balancer.proxy.refuse();
  await victim.kill();
  const talking = talk(company);
  await Promise.all(clients.map((client) => client.untilDisconnected()));
  await eventually(() => speaker.texts(quiet).length >= 5);
  balancer.route(survivors);
  await balancer.proxy.heal();
  await untilBack(company, 2);
  const said = await talking.stop();
  expect(await heardBy(company)).toEqual(whole(said));
  expect(clients.map(({ socket }) => socket.id)).toEqual(ids);
  // The order of two rooms is one, too.
  const order = orderHeard(company.clients['inBoth']?.client as Client);
  expect(order).toEqual(order.toSorted((one, other) => one - other));
});

test('clients that come back while their node is only just dying lose nothing either', async () => {
  const victim = await cluster.add('victim');
  const company = await gather(victim);
  const talking = talk(company);
  await company.clients['idle']?.client.untilText(company.quiet, 'line 9');
  company.balancer.route(survivors);
  await victim.kill();
  await untilBack(company, 2);
  const said = await talking.stop();
  expect(await heardBy(company)).toEqual(whole(said));
});

describe('a node that freezes', () => {
  test('loses its clients to others by their ping timeouts, and nothing is lost to them', async () => {
    const victim = await cluster.add('victim', { PING_INTERVAL_MS: '1000', PING_TIMEOUT_MS: '10000' });
    const company = await gather(victim);
    victim.child.signal('SIGSTOP');
    const talking = talk(company);
    company.balancer.route(survivors);
    await untilBack(company, 2);
    victim.child.signal('SIGCONT');
    await eventually(async () => (await connectionsOf(victim)) === 0);
    const said = await talking.stop();
    expect(await heardBy(company)).toEqual(whole(said));
  });

  test('finds its zombies replaced when it goes on: they are closed and disturb nobody', async () => {
    // Heartbeats are far apart: nothing but the fence can tell the node, whose connections look alive to it.
    const victim = await cluster.add('victim');
    const company = await gather(victim);
    const { balancer, busy, speaker } = company;
    const clients = Object.values(company.clients).map(({ client }) => client);
    const [sender] = clients as [Client];
    victim.child.signal('SIGSTOP');
    const talking = talk(company);
    // On its way to the node when it froze; its sender will have sent it again elsewhere by then.
    const unsettled = { room: busy, text: 'sent twice', clientId: uniqueName('message') };
    sender.emitRaw('message:send', unsettled, () => undefined);
    await eventually(() => speaker.texts(busy).length >= 5);
    balancer.route(survivors);
    for (const connection of balancer.proxy.connections) connection.halfOpen('client');
    await untilBack(company, 2);
    const said = await talking.stop();
    await sender.say(busy, unsettled.text, unsettled.clientId);
    said.busy.push(unsettled.text);

    victim.child.signal('SIGCONT');
    await eventually(async () => (await connectionsOf(victim)) === 0);
    expect(metricTotal(await victim.metrics(), 'sluice_fenced_sockets_total')).toBe(clients.length);
    expect(await heardBy(company)).toEqual(whole(said));
    // Nobody was disconnected by what became of the zombies, and their ends were not taken for the sessions' own.
    for (const client of clients) expect(client.heard('session:ready')).toHaveLength(2);
    balancer.proxy.cut();
    await untilBack(company, 3);
    expect(await heardBy(company)).toEqual(whole(said));
  });
});

test.each(['end', 'reset'] as const)('cuts (%s) in mid-recovery change nothing', async (how) => {
  const [one, two] = survivors as [Gateway, Gateway];
  const room = uniqueName('room');
  const balancer = await startBalancer(scope, one);
  const speaker = await connect(scope, two);
  await speaker.join(room);
  const listener = await connect(scope, balancer, { socket: returning });
  await listener.join(room);
  await speaker.say(room, 'heard');
  await listener.untilText(room, 'heard');
  balancer.proxy.refuse();
  balancer.proxy.cut();
  await listener.untilDisconnected();
  const missed = Array.from({ length: 60 }, (_, line) => `${line} ${'x'.repeat(200)}`);
  for (const text of missed) await speaker.say(room, text);
  balancer.route(survivors);
  // Within the upgrade, the handshake, the CONNECT packet and each part of what was missed: some 25,000 bytes.
  let next = balancer.proxy.nextConnection();
  await balancer.proxy.heal();
  let reached = 0;
  for (const bytes of [60, 260, 400, 460, 520, 700, 1_500, 3_000, 4_000, 6_000, 9_000, 300, 600]) {
    const connection = await next;
    next = balancer.proxy.nextConnection();
    connection.cutAfter(bytes, how);
    await eventually(() => !connection.open);
    reached = listener.texts(room).length;
  }
  expect(reached).toBeGreaterThan(10);
  expect(reached).toBeLessThan(60);
  await listener.untilText(room, missed.at(-1) ?? '');
  await eventually(() => listener.heard('session:ready').at(-1)?.recovered === true);
  expect(await messagesHeard(room, speaker, [listener])).toEqual([['heard', ...missed]]);
  const sessions = listener.heard('session:ready').slice(1);
  expect(sessions.map(({ recovered }) => recovered)).toEqual(sessions.map(() => true));
});

test('a node that dies while it restores a session leaves it to be restored by the next', async () => {
  const [one, two] = survivors as [Gateway, Gateway];
  const room = uniqueName('room');
  const victims = [await cluster.add('victim-1'), await cluster.add('victim-2')] as const;
  const balancer = await startBalancer(scope, victims[0]);
  const speaker = await connect(scope, two);
  await speaker.join(room);
  const listener = await connect(scope, balancer, { socket: returning });
  await listener.join(room);
  balancer.proxy.refuse();
  await victims[0].kill();
  const missed = Array.from({ length: 60 }, (_, line) => `${line} ${'x'.repeat(200)}`);
  for (const text of missed) await speaker.say(room, text);
  balancer.route([victims[1]]);
  const next = balancer.proxy.nextConnection();
  await balancer.proxy.heal();
  (await next).cutAfter(5_000);
  await listener.untilText(room, missed[0] ?? '');
  balancer.route([one]);
  await victims[1].kill();
  await eventually(() => listener.heard('session:ready').at(-1)?.nodeId === one.nodeId);
  expect(listener.heard('session:ready').at(-1)).toMatchObject({ recovered: true });
  expect(await messagesHeard(room, speaker, [listener])).toEqual([missed]);
});
