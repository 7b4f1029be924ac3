import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, openScope, startCluster, type Cluster, type Gateway } from '@sluice/testkit';

const scope = openScope(afterAll);
let cluster: Cluster;
let gateway: Gateway;

beforeAll(async () => {
  cluster = await startCluster(scope, { nodes: 1 });
  gateway = cluster.gateway(0);
});

/** The status of a path that is sent exactly as it is; fetch would tidy it up first. */
async function statusOf(path: string): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    const { hostname, port } = new URL(gateway.url);
    request({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .once('error', reject)
      .end();
  });
}

describe('the port for clients', () => {
  test.each(['/metrics', '/node', '/redis', '/operators', '/nothing', '/assets/', '/socket.io'])(
    'has no %s',
    async (path) => {
      const response = await fetch(`${gateway.url}${path}`);
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.status).toBeLessThan(500);
      expect(await response.text()).not.toContain('sluice_');
    },
  );

  test.each([
    '/../package.json',
    '/assets/../../package.json',
    '/%2e%2e/package.json',
    '/..%2fpackage.json',
    '/%00',
    '/%',
  ])('gives nothing away for %s', async (path) => {
    const status = await statusOf(path);
    expect([400, 403, 404]).toContain(status);
  });

  test('serves the web app, with headers that keep strangers out of it', async () => {
    const response = await fetch(`${gateway.url}/`);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('<div id="root">');
    const { headers } = response;
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  test('lets no other origin talk to Socket.IO by long-polling unless configured', async () => {
    const response = await fetch(`${gateway.url}/socket.io/?EIO=4&transport=polling`, {
      headers: { origin: 'https://elsewhere.example' },
    });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('says whether it lives and is ready, and lets nobody keep the answer', async () => {
    await eventually(async () => (await gateway.health('readyz')) === 200);
    for (const route of ['livez', 'readyz']) {
      const response = await fetch(`${gateway.url}/${route}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(await response.json()).toMatchObject({ nodeId: gateway.nodeId });
    }
  });
});

/** Whom the page may talk to. */
function reachable({ headers }: Response): string[] | undefined {
  const directives = headers.get('content-security-policy')?.split(';') ?? [];
  const [found] = directives.filter((directive) => directive.startsWith('connect-src '));
  return found?.split(' ').slice(1);
}

describe('what browsers are told before they connect', () => {
  test('is nothing, and they may reach nobody else, unless configured', async () => {
    const response = await fetch(`${gateway.url}/client-config`);
    expect(await response.json()).toEqual({});
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(reachable(response)).toEqual(["'self'", 'ws:', 'wss:']);
  });

  test('is where to send their spans, which they may then reach', async () => {
    const endpoint = 'http://collector.example:4318/v1/traces';
    const traced = await cluster.add('traced', {
      BROWSER_OTLP_TRACES_ENDPOINT: endpoint,
      BROWSER_TRACES_RATIO: '0.25',
    });
    const response = await fetch(`${traced.url}/client-config`);
    expect(await response.json()).toEqual({ tracing: { endpoint, ratio: 0.25 } });
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(reachable(response)).toEqual(["'self'", 'ws:', 'wss:', 'http://collector.example:4318']);
  });
});

describe('the port for operators', () => {
  test('tells about the node', async () => {
    expect(await gateway.inspect('/node')).toEqual({
      nodeId: gateway.nodeId,
      pid: gateway.pid,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      driver: 'lanes',
      uptimeMs: expect.any(Number),
      connections: 0,
      rooms: 0,
      ready: true,
    });
  });

  test('gives figures in the Prometheus format', async () => {
    const response = await fetch(`${gateway.operatorUrl}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain');
    const names = new Set((await gateway.metrics()).map((sample) => sample.name));
    expect([...names]).toEqual(
      expect.arrayContaining(['sluice_ready', 'sluice_connections', 'process_cpu_seconds_total']),
    );
  });
});
