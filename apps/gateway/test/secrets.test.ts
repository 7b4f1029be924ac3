import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { limits } from '@sluice/protocol';
import {
  connect,
  connectRefused,
  createTokenIssuer,
  eventually,
  metricTotal,
  openScope,
  startGateway,
  startOtlpReceiver,
  startRedis,
  uniqueName,
  within,
  type Client,
  type ConnectOptions,
  type Driver,
  type Gateway,
  type OtlpReceiver,
  type RedisServer,
} from '@sluice/testkit';
import { WebSocket } from 'ws';
import { formsOf, PlantedSecrets, type Place } from './planted-secrets.ts';

type Kind =
  | 'text'
  | 'room'
  | 'user'
  | 'client id'
  | 'token'
  | 'jwt secret'
  | 'redis password'
  | 'api key'
  | 'recovery'
  | 'garbage';

const shared = openScope(afterAll);
const each = openScope(afterEach);
const secrets = new PlantedSecrets<Kind>();
const plant = secrets.plant.bind(secrets);
const keep = secrets.keep.bind(secrets);

const password = plant('redis password', (core) => `p@ss/${core}:#%`);
const apiKey = plant('api key', (core) => `${core}/+=`);
const issuer = createTokenIssuer();
keep('jwt secret', issuer.secret);

const environment = {
  // With the tokens that it gives to anybody, and Express's talkative errors.
  NODE_ENV: 'development',
  LOG_LEVEL: 'trace',
  MAX_FRAME_BYTES: '16384',
  OTEL_EXPORTER_OTLP_HEADERS: `api-key=${encodeURIComponent(apiKey)}`,
  OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
  OTEL_TRACES_SAMPLER: 'always_on',
  OTEL_BSP_SCHEDULE_DELAY: '50',
  OTEL_METRIC_EXPORT_INTERVAL: '500',
};
const drivers: readonly Driver[] = ['lanes', 'lanes', 'streams', 'sharded-pubsub'];

let redis: RedisServer;
let otlp: OtlpReceiver;
let gateways: readonly Gateway[];
/** Somebody at each gateway who has nothing to do with any of it. */
let bystanders: readonly Client[];
const theirAnswers: unknown[] = [];

beforeAll(async () => {
  [redis, otlp] = await Promise.all([startRedis(shared, { password }), startOtlpReceiver(shared)]);
  gateways = await Promise.all(
    drivers.map((driver, index) =>
      startGateway(shared, {
        redisUrl: redis.url,
        nodeId: `node-${index + 1}`,
        issuer,
        driver,
        env: { ...environment, REDIS_PREFIX: driver, OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url },
      }),
    ),
  );
  bystanders = await Promise.all(
    gateways.map(async (gateway) => {
      const auth = { token: await issuer.token('bystander'), trace: 'on' };
      return connect(shared, gateway, { auth, socket: { reconnection: true, reconnectionDelay: 50 } });
    }),
  );
});

/** Resolves once each gateway has said and sent what it had to say of all that happened before. */
async function settle(): Promise<void> {
  await Promise.all(
    gateways.map(async (gateway) => {
      const sinceNs = BigInt(Date.now()) * 1_000_000n;
      const [lines, spans, metrics] = [gateway.logs, otlp.spans, otlp.metrics].map(
        ({ entries }) => entries.length,
      );
      const user = uniqueName('marker');
      const traceId = randomBytes(16).toString('hex');
      const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
      const client = await connect(each, gateway, { auth: { token: await issuer.token(user), traceparent } });
      client.close();
      await gateway.logs.until((all) =>
        all.slice(lines).some(({ msg, user: whose }) => msg === 'disconnected' && whose === user),
      );
      await otlp.spans.until((all) => all.slice(spans).some((span) => span.traceId === traceId));
      await otlp.metrics.until((all) =>
        all
          .slice(metrics)
          .some(
            ({ name, resource, points }) =>
              name === 'sluice_connections' &&
              resource['service.instance.id'] === gateway.nodeId &&
              points.some(({ timeNs }) => timeNs > sinceNs),
          ),
      );
    }),
  );
}

function outputOf({ nodeId, child }: Gateway): Place<Kind> {
  const content = Buffer.from(child.output.entries.map(({ text }) => text).join('\n'));
  // docs/operations.md says so.
  return { name: `the output of ${nodeId}`, content, allowed: ['user'] };
}

function pagesOf({ url, operatorUrl }: Gateway): Promise<Place<Kind>[]> {
  const pages = [
    ...['metrics', 'node', 'redis', 'log-level'].map((path) => `${operatorUrl}/${path}`),
    ...['livez', 'readyz', 'client-config', 'no/such/page'].map((path) => `${url}/${path}`),
  ];
  return Promise.all(
    pages.map(async (page) => {
      const response = await fetch(page);
      const content = JSON.stringify([...response.headers]) + (await response.text());
      return { name: page, content: Buffer.from(content), allowed: [] };
    }),
  );
}

/** The secrets in what operators, the collector and bystanders have got to see so far, also of `others` than the gateways. */
async function leaks(...others: readonly Gateway[]): Promise<readonly string[]> {
  await settle();
  const pages = await Promise.all(gateways.map(pagesOf));
  const incidents = bystanders.map(({ journal }) => journal.entries);
  const { leaked, seen } = secrets.search([
    ...[...gateways, ...others].map(outputOf),
    ...pages.flat(),
    { name: 'what was exported', content: Buffer.concat(otlp.bodies), allowed: [] },
    { name: 'others', content: Buffer.from(JSON.stringify([theirAnswers, incidents])), allowed: [] },
  ]);
  // Names of users are in the logs, where the search finds them.
  expect(seen).toContain('user in the output of node-1');
  return leaked;
}

/** Somebody with a planted name in a planted room, who comes back when cut off. */
async function enter(gateway: Gateway, room: string): Promise<Client> {
  const user = plant('user');
  const auth = { token: keep('token', await issuer.token(user)), trace: 'on' };
  const client = await connect(each, gateway, {
    user,
    auth,
    socket: { reconnection: true, reconnectionDelay: 50 },
  });
  await client.join(room);
  return client;
}

/** What it is to come back by. */
function keepName({ socket }: Client): string {
  const { _pid: name } = socket as unknown as { _pid: string };
  return keep('recovery', name);
}

/** What a bystander is told meanwhile. */
async function asUsual(index: number): Promise<void> {
  const bystander = bystanders[index] as Client;
  bystander.emitRaw('message:send', 'nothing');
  for (const payload of [{}, { room: 'not joined', text: 'usual', clientId: 'usual' }]) {
    theirAnswers.push(await bystander.requestRaw('message:send', [payload]));
  }
}

const shapes: ((core: string) => string)[] = [
  (core) => core,
  (core) => `${core} `.repeat(limits.textLength / 25),
  (core) => `\u0000\u0001\u001b[31m${core}\u0007\u{1F512}\uFFFF`,
  (core) => `first\nsecond ${core}\r\n{"level":50,"msg":"${core}"}\n`,
  (core) => `*3\r\n$3\r\nSET\r\n$1\r\na\r\n$24\r\n${core}\r\n`,
  (core) => `EVALSHA ${core} 1 MULTI; FLUSHALL "${core}' \\`,
];

/** From the first gateway to itself and the second, which share a cluster; each of the others has its own. */
const routes = [
  [0, 1],
  [2, 2],
  [3, 3],
] as const;

const at = (index: number): Gateway => gateways[index] as Gateway;

test('what is said, and how it is misspelt', async () => {
  await Promise.all(
    routes.map(async ([from, to]) => {
      const room = plant('room', (core) => `${core}: {"ü"}*`);
      const speaker = await enter(at(from), room);
      const hearer = await enter(at(to), room);
      for (const shape of shapes) {
        const message = {
          room,
          text: plant('text', shape),
          clientId: plant('client id', (core) => `${core}/"#`),
          traceparent: plant('garbage', (core) => `00-${core}`),
        };
        await speaker.succeed('message:send', message);
        // Once more: a duplicate.
        await speaker.succeed('message:send', message);
        await hearer.untilText(room, message.text);
      }
      const { messages } = await hearer.succeed('history:read', { room, limit: 3 });
      await hearer.succeed('history:read', { room, before: messages[0]?.id ?? '' });
      speaker.emitRaw('typing:set', { room, typing: true });
      await hearer.untilHeard('typing:changed');

      const text = plant('text');
      const clientId = plant('client id');
      const wrong: [string, ...unknown[]][] = [
        [plant('garbage'), plant('text')],
        [plant('garbage', (core) => `message:send\n${core}`), { room, text, clientId }],
        ['message:send', text],
        ['message:send', { room: { [room]: text }, text, clientId }],
        ['message:send', { room, text: text.repeat(1_000).slice(0, limits.textLength + 1), clientId }],
        ['message:send', { room, text: `${text}\uD800`, clientId }],
        ['message:send', { room, text, clientId: [clientId] }],
        ['message:send', { room, text, clientId }, { room, text, clientId }],
        ['message:send', { room: plant('room'), text, clientId }],
        ['room:join', { room: plant('room', (core) => `${core}\n`) }],
        ['history:read', { room, before: plant('garbage') }],
        ['history:read', { room, limit: plant('garbage') }],
        [text, Buffer.from(text)],
      ];
      const usual = asUsual(to);
      for (const [event, ...args] of wrong) {
        expect(await speaker.requestRaw(event, args)).toMatchObject({ ok: false });
        // Without an acknowledgement too.
        speaker.emitRaw(event, ...args);
      }
      await usual;
      await eventually(() => speaker.heard('request:failed').length === wrong.length);
    }),
  );
  expect(await leaks()).toEqual([]);
  // It travels, and the search would have found it.
  expect(otlp.requests.entries.every(({ headers }) => headers['api-key'] === apiKey)).toBe(true);
});

/** All the ways in which somebody may present `token`. */
function presentations(token: string): ConnectOptions[] {
  const header = { authorization: `Bearer ${token}`, cookie: `token=${token}`, traceparent: `00-${token}` };
  return [
    { auth: { token } },
    { auth: { token: { token } } },
    { auth: { [token]: token, trace: token, traceparent: token } },
    { auth: {}, socket: { query: { token }, extraHeaders: header } },
    { auth: { token }, socket: { query: { token }, extraHeaders: header, transports: ['polling'] } },
  ];
}

test('what is presented, and what is asked for over HTTP', async () => {
  const user = plant('user');
  const inAnHour = Math.floor(Date.now() / 1_000) + 3_600;
  const tokens = [
    await issuer.token(user, { claims: { exp: inAnHour - 7_200 } }),
    await issuer.token(user, { secret: plant('jwt secret', (core) => core.repeat(2)) }),
    await issuer.token(plant('user', (core) => `${core}\n`)),
    plant('token', (core) => `${core}.${core}.${core}`),
  ];
  const good = keep('token', await issuer.token(user));
  const gateway = at(0);
  for (const options of tokens.flatMap((token) => presentations(keep('token', token)))) {
    expect(await connectRefused(each, gateway, options)).toMatchObject({ retryable: false });
  }
  const long = { token: plant('token', (core) => core.repeat(400)) };
  expect(await connectRefused(each, gateway, { auth: long })).toMatchObject({ code: 'unauthorized' });
  const forged = { pid: plant('recovery'), offset: plant('recovery'), traceparent: plant('garbage') };
  for (const pid of [forged.pid, plant('recovery', (core) => `${core}/*\r\n`)]) {
    await connect(each, gateway, { auth: { token: good, ...forged, pid } });
  }
  const post = (path: string, body: string, type = 'application/json') =>
    fetch(`${gateway.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': type, authorization: good, traceparent: plant('garbage') },
      body,
    });
  const issued = await post('/auth/dev-token', JSON.stringify({ user }));
  keep('token', ((await issued.json()) as { token: string }).token);
  const requests = [
    post('/auth/dev-token', `{"user":"${plant('garbage')}`),
    post('/auth/dev-token', `{"user":${plant('garbage', undefined, 9)}}`),
    post('/auth/dev-token', JSON.stringify({ user: plant('garbage', (core) => `${core}\n`) })),
    post('/auth/dev-token', JSON.stringify({ user: plant('garbage', (core) => core.repeat(200)) })),
    post('/auth/dev-token', plant('garbage'), `application/json; charset=${plant('garbage')}`),
    post(`/auth/dev-token/${plant('garbage')}`, '{}'),
    post(`/socket.io/?EIO=4&transport=polling&sid=${plant('garbage')}`, plant('garbage')),
    ...[
      '/',
      '/assets/',
      '/%E0%A4%A',
      '/..%2f',
      '/%00',
      '/socket.io/?EIO=4&transport=',
      '/socket.io/?EIO=',
    ].map((path) => fetch(`${gateway.url}${path}${plant('garbage')}?token=${good}`)),
    fetch(`${gateway.operatorUrl}/${plant('garbage')}?token=${good}`),
    fetch(`${gateway.operatorUrl}/%E0%A4%A${plant('garbage')}`),
    ...[`{"level":"${plant('garbage')}"}`, `{"level":${plant('garbage', undefined, 9)}}`].map((body) =>
      fetch(`${gateway.operatorUrl}/log-level`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body,
      }),
    ),
  ];
  for (const response of await Promise.all(requests)) {
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
  }
  expect(await leaks()).toEqual([]);
});

test('frames that are no packets, or too large', async () => {
  const token = keep('token', await issuer.token(plant('user')));
  const introduction = `40${JSON.stringify({ token })}`;
  const text = plant('text', undefined, 9);
  const large = plant('text', (core) => core.repeat(1_000));
  const frames: (string | Buffer)[][] = [
    [plant('garbage')],
    [`40${plant('token')}`],
    [`40{"token":${text}}`],
    [`40/${plant('garbage')},{"token":"${token}"}`],
    [introduction, `42["message:send",{"room":"r","text":${text}}]`],
    [introduction, `42["message:send",{"room":"r","text":"${plant('text')}`],
    [introduction, `42${JSON.stringify(['message:send', { text: large }])}`],
    [introduction, `451-["${plant('garbage')}",{"_placeholder":true,"num":7}]`, Buffer.from(plant('text'))],
    [introduction, `451-["message:send",{"_placeholder":true,"num":0}]`, `42["${plant('garbage')}"]`],
    [introduction, Buffer.from(plant('text'))],
    [introduction, `44{"message":"${plant('garbage')}"}`],
    [introduction, `49${plant('garbage')}`],
    [introduction, `4${plant('garbage')}`],
    [introduction, `9${plant('garbage')}`],
  ];
  const url = `${at(0).url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
  await Promise.all(
    frames.map(async ([first, ...others]) => {
      const socket = new WebSocket(url);
      each.onClose(() => socket.terminate());
      const closed = once(socket, 'close');
      socket.on('message', (data: Buffer) => {
        const frame = data.toString();
        // It has been opened, let in or refused.
        if (frame.startsWith('0')) socket.send(first ?? '');
        else if (frame.startsWith('40')) for (const other of others) socket.send(other);
        else if (frame.startsWith('44')) socket.close();
      });
      await within(closed, { describe: () => `a connection ends after ${[first, ...others].join(' ')}` });
    }),
  );
  expect(await leaks()).toEqual([]);
});

/** Says it again until it is acknowledged, as a careful client does. */
async function sayUntilAnswered(
  client: Client,
  room: string,
  shape: (core: string) => string,
): Promise<void> {
  const message = { room, text: plant('text', shape), clientId: plant('client id') };
  for (let attempt = 0; attempt < 5; attempt += 1) {
    // Without an answer where the connection was lost meanwhile, perhaps with the membership.
    const answer = await client.request('message:send', message, 10_000).catch(() => undefined);
    if (answer?.ok === true) return;
    await client.request('room:join', { room }, 10_000).catch(() => undefined);
  }
  throw new Error(`${client.user} is not answered; it lived through ${client.recent()}`);
}

test('messages that meet a Redis which cannot take them, or dies', async () => {
  const speakers = await Promise.all(
    routes.map(async ([from]) => {
      const room = plant('room');
      return { room, gateway: at(from), speaker: await enter(at(from), room) };
    }),
  );
  const sayAll = () =>
    Promise.all(
      speakers.flatMap(({ room, speaker }) => shapes.map((shape) => sayUntilAnswered(speaker, room, shape))),
    );
  const obstacles = [
    { reply: 'READONLY', come: ['REPLICAOF', '127.0.0.1', '1'], go: ['REPLICAOF', 'NO', 'ONE'] },
    { reply: 'OOM', come: ['CONFIG', 'SET', 'maxmemory', '1'], go: ['CONFIG', 'SET', 'maxmemory', '0'] },
  ] as const;
  for (const { reply, come, go } of obstacles) {
    await redis.command(...come);
    const said = sayAll();
    for (const { gateway } of speakers) {
      await otlp.spans.until((spans) =>
        spans.findLast(
          ({ attributes, resource }) =>
            attributes['error.type'] === reply && resource['service.instance.id'] === gateway.nodeId,
        ),
      );
    }
    await redis.command(...go);
    await said;
  }
  // Frozen first, so that they are under way.
  redis.pause();
  const said = sayAll();
  for (const { gateway } of speakers) {
    await eventually(
      async () => metricTotal(await gateway.metrics(), 'sluice_redis_commands_outstanding') >= shapes.length,
    );
  }
  await redis.kill();
  for (const gateway of gateways) {
    await gateway.logs.until((lines) => lines.find(({ msg }) => msg === 'redis connection lost'));
  }
  await redis.restart();
  await said;
  expect(await leaks()).toEqual([]);
});

interface Collector {
  readonly url: string;
  readonly bodies: readonly Buffer[];
  /** From here on it refuses all it gets, and says what that was. */
  refuse(): void;
}

/** A collector that repeats what it is sent, header and all. */
async function startTalkativeCollector(): Promise<Collector> {
  const bodies: Buffer[] = [];
  let refuses = false;
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      bodies.push(body);
      const told = JSON.stringify([request.headers, body.toString()]);
      const errorMessage = told.slice(0, 4_000);
      if (refuses)
        response.writeHead(bodies.length % 2 === 0 ? 401 : 400, `no such key: ${apiKey}`).end(told);
      else
        response.end(
          JSON.stringify({ partialSuccess: { rejectedSpans: 1, rejectedDataPoints: 1, errorMessage } }),
        );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  each.onClose(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    bodies,
    refuse() {
      refuses = true;
    },
  };
}

test('names are in spans where that is wanted, and nothing is where a collector refuses them or a node is killed', async () => {
  const collector = await startTalkativeCollector();
  const named = await startGateway(each, {
    redisUrl: redis.url,
    nodeId: 'named',
    issuer,
    driver: 'lanes',
    env: {
      ...environment,
      REDIS_PREFIX: 'lanes',
      TRACE_NAMES: 'rooms,users',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
    },
  });
  const room = plant('room');
  const speaker = await enter(named, room);
  const hearer = await enter(named, room);
  const far = await enter(at(1), room);
  for (const shape of shapes) {
    const text = plant('text', shape);
    await speaker.say(room, text, plant('client id'));
    await far.untilText(room, text);
  }
  const exported = () => ({
    name: 'what it exported',
    content: Buffer.concat(collector.bodies),
    allowed: ['room', 'user'] as const,
  });
  await eventually(() => [room, speaker.user].every((name) => exported().content.includes(name)));
  const { seen } = secrets.search([exported()]);
  expect(seen.toSorted()).toEqual(['room in what it exported', 'user in what it exported']);

  collector.refuse();
  await speaker.say(room, plant('text'));
  for (const signal of ['traces', 'metrics']) {
    await eventually(
      async () =>
        metricTotal(await named.metrics(), 'sluice_telemetry_exports_total', { signal, outcome: 'failed' }) >
        1,
    );
  }
  await named.logs.until((lines) => lines.filter(({ msg }) => msg === 'telemetry').length > 2);

  keepName(hearer);
  hearer.moveTo(at(0).url);
  await named.kill();
  const missed = plant('text');
  await far.say(room, missed, plant('client id'));
  await hearer.untilText(room, missed);
  expect(await hearer.untilReady(2)).toMatchObject({ recovered: true });
  expect(secrets.search([exported()]).leaked).toEqual([]);
  expect(await leaks(named)).toEqual([]);
});

/** The stream that a room's messages are in. */
async function logOf(core: string): Promise<string> {
  const keys = (await redis.command('KEYS', `*${core}*`)) as readonly string[];
  const types = await Promise.all(keys.map((key) => redis.command('TYPE', key)));
  return keys[types.indexOf('stream')] as string;
}

const sendTo = (client: Client, room: string, shape?: (core: string) => string) =>
  client.requestRaw('message:send', [{ room, text: plant('text', shape), clientId: plant('client id') }]);

test('what Redis has to say against it, and what it keeps and nobody can read', async () => {
  const internal = { ok: false, error: { code: 'internal' } };
  await Promise.all(
    routes.map(async ([from, to]) => {
      const room = plant('room');
      const speaker = await enter(at(from), room);
      const hearer = await enter(at(to), room);
      await speaker.say(room, plant('text'));
      const log = await logOf(room);
      // WRONGTYPE, at whatever asks for it.
      await redis.command('RENAME', log, `${log}-aside`);
      await redis.command('SET', log, 'a string');
      expect(await sendTo(speaker, room)).toMatchObject(internal);
      expect(await hearer.requestRaw('history:read', [{ room }])).toMatchObject(internal);
      await redis.command('RENAME', `${log}-aside`, log);

      // What JSON.parse would quote: in the log, and on its way to the nodes.
      const broken = () => plant('text', (core) => `{"text":${core}}`, 9);
      const field = log.startsWith('lanes')
        ? ['e', `- x.1 {"s":1}\n2${broken()}`]
        : ['event', 'message:new', 'data', broken()];
      await redis.command('XADD', log, '*', ...field);
      expect(await hearer.requestRaw('history:read', [{ room }])).toMatchObject(internal);
      const channels = (await redis.command('PUBSUB', 'SHARDCHANNELS', `*${room}*`)) as readonly string[];
      for (const channel of channels) {
        for (const payload of [broken(), `- - ${broken()}\n`, `9-9 0-0 ${broken()}\n`]) {
          await redis.command('SPUBLISH', channel, payload);
        }
      }
      await hearer.succeed('room:leave', { room });
    }),
  );
  const toAdapter = ['uid', 'x', 'nsp', '/', 'type', '3', 'data', plant('text', undefined, 9)];
  await redis.command('XADD', 'streams:adapter-stream', '*', ...toAdapter);
  const returning = await enter(at(0), plant('room'));
  const pid = keepName(returning);
  await redis.command(
    'HSET',
    `lanes:session:{${pid}}`,
    'data',
    plant('garbage', (core) => `{"user":${core}}`, 9),
  );
  returning.cut();
  // Nobody can read it: its client begins anew, and is told nothing of what it says.
  expect(await returning.untilReady(2)).toMatchObject({ recovered: false, reason: 'unknown' });
  for (const gateway of gateways) {
    await gateway.logs.until((lines) => lines.find(({ msg }) => msg === 'event failed'));
  }
  expect(await leaks()).toEqual([]);
});

test('a gateway that Redis does not let in, and one that cannot be configured', async () => {
  const url = new URL(redis.url);
  url.password = plant('redis password');
  const env = { ...environment, OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url };
  const options = { redisUrl: url.href, nodeId: 'locked-out', issuer, until: 'live', env } as const;
  const lockedOut = await startGateway(each, options);
  const token = keep('token', await issuer.token(plant('user')));
  expect(await connectRefused(each, lockedOut, { token })).toMatchObject({ code: 'unavailable' });
  await lockedOut.logs.until((lines) =>
    lines.find(({ err }) => JSON.stringify(err ?? '').includes('WRONGPASS')),
  );
  const pages = await pagesOf(lockedOut);
  expect(secrets.search(pages).leaked).toEqual([]);
  await lockedOut.stop();
  expect(await leaks(lockedOut)).toEqual([]);

  const unusable = startGateway(each, {
    ...options,
    redisUrl: `redis://:${plant('redis password')}@/x`,
    issuer: { ...issuer, secret: plant('jwt secret', undefined, 20) },
    env: {
      ...env,
      NODE_ID: plant('garbage', (core) => `${core}.`),
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://user:${plant('api key')}@collector:port`,
      OTEL_EXPORTER_OTLP_PROTOCOL: plant('garbage'),
      OTEL_RESOURCE_ATTRIBUTES: plant('garbage'),
    },
  });
  const said = await unusable.then(String, String);
  expect(said).toContain('The configuration is not usable');
  const content = Buffer.from(said);
  expect(secrets.search([{ name: 'what it said', content, allowed: [] }]).leaked).toEqual([]);
});

test('a secret is found in whatever form it is written', () => {
  const own = new PlantedSecrets<'it'>();
  const secret = own.plant('it', (core) => `"${core}"\n`);
  const forms = formsOf(secret);
  expect(new Set(forms).size).toBeGreaterThanOrEqual(8);
  const wrapped = ['', 'a', 'ab'].map((before) =>
    Buffer.from(`${before}${secret}rest`).toString('base64url'),
  );
  for (const form of [...forms, ...wrapped]) {
    const content = Buffer.concat([randomBytes(100), Buffer.from(form), randomBytes(100)]);
    expect(own.search([{ name: 'there', content, allowed: [] }]).leaked).not.toEqual([]);
    expect(own.search([{ name: 'there', content, allowed: ['it'] }])).toEqual({
      seen: ['it in there'],
      leaked: [],
    });
  }
  expect(own.search([{ name: 'there', content: randomBytes(1_000), allowed: [] }])).toEqual({
    seen: [],
    leaked: [],
  });
});
