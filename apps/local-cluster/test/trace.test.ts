import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import {
  connect,
  eventually,
  freeBasePort,
  withScope,
  type Client,
  type Scope,
  type Target,
} from '@sluice/testkit';
import {
  portOffsets,
  runStart,
  startLocalCluster,
  temporaryFolder,
  type StartedCluster,
} from './started-cluster.ts';

const twoGateways = ['--nodes', '2', '--trace'];

/** Gateway `n`, past the front, which would choose one itself. */
function gatewayOf({ port }: StartedCluster, n: number): Target {
  const url = `http://127.0.0.1:${port + n}`;
  const token = async (user: string): Promise<string> => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ user });
    const response = await fetch(`${url}/auth/dev-token`, { method: 'POST', headers, body });
    return ((await response.json()) as { token: string }).token;
  };
  return { url, issuer: { secret: '', token } };
}

async function member(scope: Scope, target: Target, user: string): Promise<Client> {
  const auth = { token: await target.issuer.token(user), trace: 'on' };
  const client = await connect(scope, target, { user, auth });
  await client.join('lobby');
  return client;
}

/** The lines of the tree that begins with `heading`, without the times in them; undefined until it is there. */
function treeAfter(cluster: StartedCluster, heading: RegExp): string[] | undefined {
  const lines = cluster.lines();
  const first = lines.findIndex((line) => heading.test(line));
  if (first === -1) return undefined;
  const after = lines.slice(first + 1);
  const end = after.findIndex((line) => !/^[ |`]+-/.test(line));
  return after
    .slice(0, end === -1 ? undefined : end)
    .map((line) => line.replace(/ +[+-]?\d+\.\d +\d+\.\d ms/, ''));
}

/** Sends a span as a page of this cluster does. */
async function sendAsPage(cluster: StartedCluster, span: Readonly<Record<string, unknown>>): Promise<void> {
  const startTimeUnixNano = `${Date.now()}000000`;
  const response = await fetch(`http://127.0.0.1:${cluster.port + 150}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: cluster.url },
    body: JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'sluice-web' } }] },
          scopeSpans: [{ spans: [{ startTimeUnixNano, endTimeUnixNano: startTimeUnixNano, ...span }] }],
        },
      ],
    }),
  });
  expect([response.status, await response.json()]).toEqual([200, {}]);
}

test('--trace shows every hop of a message, from page to page over two gateways', async () => {
  await withScope(async (scope) => {
    const cluster = await startLocalCluster(scope, { args: twoGateways });
    expect(cluster.lines()).toContainEqual(expect.stringMatching(/^ {2}traces of each message/));
    const sender = await member(scope, gatewayOf(cluster, 1), 'ann');
    const hearer = await member(scope, gatewayOf(cluster, 2), 'ben');

    const traceId = randomBytes(16).toString('hex');
    const spanId = randomBytes(8).toString('hex');
    const payload = {
      room: 'lobby',
      text: 'hello',
      clientId: 'c1',
      traceparent: `00-${traceId}-${spanId}-01`,
    };
    expect(await sender.requestRaw('message:send', [payload])).toMatchObject({ ok: true });
    await sendAsPage(cluster, { traceId, spanId, name: 'send message:send' });
    const heard: { traceparent?: string } = await hearer.untilText('lobby', 'hello');
    const [, , parentSpanId] = heard.traceparent?.split('-') ?? [];
    const received = { traceId, spanId: randomBytes(8).toString('hex'), name: 'process message:new' };
    await sendAsPage(cluster, { ...received, parentSpanId });

    const heading = new RegExp(`^message:send in \\d+\\.\\d ms  trace ${traceId.slice(0, 8)}$`);
    const tree = await eventually(() => treeAfter(cluster, heading), {
      describe: () => cluster.child.tail(),
    });
    expect(tree).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^`- send message:send +browser$/),
        expect.stringMatching(/^ {3}[|`]- process message:send +gateway-1 +ok/),
        expect.stringMatching(/^ {6}[|`]- handle message:send +gateway-1/),
        expect.stringMatching(/^ {9}[|`]- send room:\{room\} +gateway-1 +\d+-\d+/),
        expect.stringMatching(/^ {12}[|`]- EVALSHA +redis/),
        expect.stringMatching(/^ {12}[|`]- process room:\{room\} +gateway-1 +1 recipient/),
        expect.stringMatching(/^ {12}[|`]- process room:\{room\} +gateway-2 +1 recipient/),
        expect.stringMatching(/^ {12}[| ] {2}[|`]- process message:new +browser$/),
      ]),
    );
    const connected = treeAfter(cluster, /^connect in /);
    expect(connected?.[0]).toMatch(/- connect +gateway-1/);
    expect(await cluster.child.end()).toEqual({ code: 0, signal: null });
  });
});

test('--trace takes what pages send, says what it overrides, and outlives bad input', async () => {
  await withScope(async (scope) => {
    const env = {
      OTEL_TRACES_SAMPLER: 'always_off',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:1',
    };
    const cluster = await startLocalCluster(scope, {
      args: ['--nodes', '1', '--trace'],
      run: (inner, args) => runStart(inner, args, env),
    });
    expect(cluster.lines()).toContainEqual(
      expect.stringMatching('in spite of OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_TRACES_SAMPLER$'),
    );
    const url = `http://127.0.0.1:${cluster.port + 150}/v1/traces`;
    const bad = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{',
    });
    expect(bad.status).toBe(400);
    await sendAsPage(cluster, { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), name: 'send message:send' });
    const tree = await eventually(() => treeAfter(cluster, /^message:send in 0\.0 ms {2}trace cccccccc$/));
    expect(tree).toEqual(['`- send message:send  browser']);

    // What has not been shown yet when it stops is shown then.
    await sendAsPage(cluster, { traceId: 'e'.repeat(32), spanId: 'd'.repeat(16), name: 'send message:send' });
    expect(await cluster.child.end()).toEqual({ code: 0, signal: null });
    expect(treeAfter(cluster, /trace eeeeeeee$/)).toHaveLength(1);
  });
});

test('--trace names its port where that is in use', async () => {
  await withScope(async (scope) => {
    const port = await freeBasePort(scope, portOffsets);
    const server = createServer().listen(port + 150, '127.0.0.1');
    scope.onClose(() => new Promise((resolve) => server.close(resolve)));
    const child = await runStart(scope, [
      '--trace',
      '--port',
      String(port),
      '--data',
      temporaryFolder(scope),
    ]);
    expect(await child.exited).toEqual({ code: 69, signal: null });
    expect(child.tail()).toMatch(`127.0.0.1:${port + 150} is in use; wanted for traces (--trace)`);
  });
});
