import { once } from 'node:events';
import { connect as dial, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  connect,
  eventually,
  openScope,
  redisCommand,
  startCluster,
  startFaultProxy,
  startRedis,
  within,
  type Endpoint,
} from '@sluice/testkit';

const scope = openScope(afterEach);

/** A peer's end of a connection, and what became of it. */
interface End {
  readonly socket: Socket;
  readonly received: () => string;
  /** How it ended: `FIN`, or the code of the error. */
  readonly ended: Promise<string>;
}

function endOf(socket: Socket): End {
  let received = '';
  socket.on('data', (bytes) => (received += bytes.toString()));
  const ended = new Promise<string>((resolve) => {
    socket.once('end', () => resolve('FIN'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
  return { socket, received: () => received, ended };
}

/** A server that takes connections and leaves what to do with them to the test. */
async function startServer(): Promise<{ endpoint: Endpoint; nextEnd: () => Promise<End> }> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets: Socket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  scope.onClose(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: { host: '127.0.0.1', port },
    nextEnd: () => within(once(server, 'connection').then(([socket]) => endOf(socket as Socket))),
  };
}

async function dialTo(port: number): Promise<End> {
  const socket = dial({ host: '127.0.0.1', port });
  scope.onClose(() => socket.destroy());
  const end = endOf(socket);
  await once(socket, 'connect');
  return end;
}

/** A client and a server with a proxy between them. */
async function pair() {
  const { endpoint, nextEnd } = await startServer();
  const proxy = await startFaultProxy(scope, { target: endpoint });
  const accepted = nextEnd();
  const client = await dialTo(proxy.port);
  return { proxy, client, server: await accepted, nextEnd };
}

async function hears(end: End, text: string): Promise<void> {
  await eventually(() => end.received() === text, { describe: () => `"${text}", not "${end.received()}"` });
}

/** Bytes that no kernel buffers whole. */
const flood = Buffer.alloc(32 * 1_048_576, 'x');

describe('a fault proxy', () => {
  test('passes both directions and each end of the connection by itself', async () => {
    const { client, server, proxy } = await pair();
    client.socket.end('question');
    expect(await within(server.ended)).toBe('FIN');
    expect(server.received()).toBe('question');
    server.socket.end('answer');
    expect(await within(client.ended)).toBe('FIN');
    expect(client.received()).toBe('answer');
    await eventually(() => proxy.connections.length === 0);
  });

  test('passes a reset on', async () => {
    const { client, server } = await pair();
    server.socket.resetAndDestroy();
    expect(await within(client.ended)).toBe('ECONNRESET');
  });

  test('holds a sender back where the receiver does not read', async () => {
    const { client, server } = await pair();
    server.socket.pause();
    client.socket.write(flood);
    await once(client.socket, 'drain', { signal: AbortSignal.timeout(300) }).catch(() => undefined);
    expect(client.socket.writableLength).toBeGreaterThan(0);
    server.socket.resume();
    await eventually(() => server.received().length === flood.length);
  });

  test.each([
    ['reset', 'ECONNRESET'],
    ['end', 'FIN'],
  ] as const)('cuts with %s on both sides', async (how, ending) => {
    const { client, server, proxy } = await pair();
    proxy.cut(how);
    expect(await within(Promise.all([client.ended, server.ended]))).toEqual([ending, ending]);
    await eventually(() => proxy.connections.length === 0);
  });

  test('cuts what waits for a receiver that does not read, and its end with it', async () => {
    const { client, server, proxy } = await pair();
    client.socket.pause();
    server.socket.write(flood);
    let waiting = -1;
    await eventually(() => {
      const before = waiting;
      waiting = server.socket.writableLength;
      return before === waiting;
    });
    proxy.cut('end');
    // Nor does it end before its last bytes have left.
    expect(proxy.connections).toHaveLength(1);
    proxy.cut('reset');
    await eventually(() => proxy.connections.length === 0);
    for (const { socket } of [client, server]) socket.destroy();
    // Node.js may take a connection for closed that it keeps.
    await eventually(() => !process.getActiveResourcesInfo().includes('TCPSocketWrap'));
  });

  test('cuts after an exact number of bytes', async () => {
    const { client, server, proxy } = await pair();
    proxy.connections[0]?.cutAfter(5);
    server.socket.write('abc');
    server.socket.write('defg');
    expect(await within(client.ended)).toBe('FIN');
    expect(client.received()).toBe('abcde');
  });

  test('stalls one direction, and delivers late what was sent meanwhile', async () => {
    const { client, server, proxy } = await pair();
    proxy.stall('up');
    client.socket.write('late');
    server.socket.write('in time');
    await hears(client, 'in time');
    client.socket.end();
    expect(server.received()).toBe('');
    await proxy.heal();
    expect(await within(server.ended)).toBe('FIN');
    expect(server.received()).toBe('late');
  });

  test('stalls new connections too until it is healed', async () => {
    const { proxy, nextEnd } = await pair();
    proxy.stall();
    const accepted = nextEnd();
    const client = await dialTo(proxy.port);
    const server = await accepted;
    client.socket.write('a');
    server.socket.write('b');
    expect(client.socket.readyState).toBe('open');
    await proxy.heal();
    await hears(server, 'a');
    await hears(client, 'b');
  });

  test('leaves one side with a half-open connection, which is reset once the network is back', async () => {
    const { client, server, proxy } = await pair();
    proxy.halfOpen('target');
    expect(await within(server.ended)).toBe('FIN');
    client.socket.write(flood);
    // All of it is taken, as if somebody were there.
    await within(once(client.socket, 'drain'));
    expect(client.received()).toBe('');
    expect(client.socket.readyState).toBe('open');
    await proxy.heal();
    client.socket.write('anybody?');
    expect(await within(client.ended)).toBe('ECONNRESET');
    await eventually(() => proxy.connections.length === 0);
  });

  test('lets the client vanish without telling the target', async () => {
    const { client, server, proxy } = await pair();
    proxy.halfOpen('client');
    expect(await within(client.ended)).toBe('FIN');
    server.socket.write(flood);
    await within(once(server.socket, 'drain'));
    server.socket.end();
    await eventually(() => proxy.connections.length === 0);
  });

  test('slows down to a rate and a latency', async () => {
    const { client, server, proxy } = await pair();
    proxy.slow({ bytesPerSecond: 20_000, latencyMs: 100 });
    const began = performance.now();
    client.socket.write(Buffer.alloc(6_000, 'x'));
    await eventually(() => server.received().length > 0);
    expect(performance.now() - began).toBeGreaterThanOrEqual(95);
    await eventually(() => server.received().length === 6_000);
    // Five of six portions of 50 ms have to be over by then.
    expect(performance.now() - began).toBeGreaterThanOrEqual(340);
    proxy.slow({ bytesPerSecond: 1 });
    server.socket.write('at last');
    await eventually(() => client.received() !== '');
    expect(client.received()).not.toBe('at last');
    await proxy.heal();
    await hears(client, 'at last');
  });

  test('refuses new connections and keeps the old, until it is healed', async () => {
    const { client, server, proxy } = await pair();
    proxy.refuse();
    await expect(dialTo(proxy.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    client.socket.write('still here');
    await hears(server, 'still here');
    await proxy.heal();
    await dialTo(proxy.port);
  });

  test('asks where each new connection leads, and closes those that lead nowhere', async () => {
    const first = await startServer();
    const second = await startServer();
    const endpoints = [first.endpoint, second.endpoint, { host: '127.0.0.1', port: 1 }];
    const proxy = await startFaultProxy(scope, { target: () => endpoints.shift() as Endpoint });
    const accepted = Promise.all([first.nextEnd(), second.nextEnd()]);
    await dialTo(proxy.port);
    await dialTo(proxy.port);
    await accepted;
    const next = proxy.nextConnection();
    const nowhere = await dialTo(proxy.port);
    expect(await within(nowhere.ended)).toBe('ECONNRESET');
    const connection = await within(next);
    await eventually(() => !connection.open);
  });

  test('stands between a gateway and Redis, and between a client and a gateway', async () => {
    const cluster = await startCluster(scope, { nodes: 1 });
    const { port: redisPort } = cluster.redis;
    const toRedis = await startFaultProxy(scope, {
      target: { host: '127.0.0.1', port: redisPort },
      scheme: 'redis',
    });
    const gateway = await cluster.add('behind', { REDIS_URL: toRedis.url });
    const toGateway = await startFaultProxy(scope, {
      target: { host: '127.0.0.1', port: Number(new URL(gateway.url).port) },
    });
    const client = await connect(scope, { url: toGateway.url, issuer: cluster.issuer });
    await client.join('room');
    await client.say('room', 'through two proxies');
    await client.untilText('room', 'through two proxies');
    toRedis.cut();
    toRedis.refuse();
    await eventually(async () => (await gateway.health('readyz')) === 503);
    await toRedis.heal();
    await eventually(async () => (await gateway.health('readyz')) === 200);
    toGateway.cut();
    expect(await client.untilDisconnected()).toBe('transport close');
  });

  test('makes Redis look frozen', async () => {
    const redis = await startRedis(scope);
    const proxy = await startFaultProxy(scope, { target: { host: '127.0.0.1', port: redis.port } });
    expect(await redisCommand(proxy.port, ['PING'])).toBe('PONG');
    proxy.stall('down');
    await expect(redisCommand(proxy.port, ['PING'], { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'not_in_time',
    });
  });
});
