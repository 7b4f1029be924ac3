import { connect as connectTcp } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  createTokenIssuer,
  eventually,
  gatewayEntry,
  gatewayEnvironment,
  openScope,
  repositoryPath,
  spawnChild,
  startGateway,
  startRedis,
} from '@sluice/testkit';

const scope = openScope(afterEach);
const issuer = createTokenIssuer();

/** A good environment but for `env`; an undefined value leaves the variable out. */
async function launch(env: Readonly<Record<string, string | undefined>>) {
  const good = await gatewayEnvironment(scope, { redisUrl: 'redis://127.0.0.1:1', nodeId: 'faulty', issuer });
  const given = Object.entries({ ...good, ...env }).filter(([, value]) => value !== undefined);
  const child = await spawnChild(scope, {
    name: 'gateway with a wrong configuration',
    command: process.execPath,
    args: [repositoryPath(gatewayEntry)],
    env: Object.fromEntries(given) as Record<string, string>,
  });
  return { child, env: good };
}

function stderrOf(child: Awaited<ReturnType<typeof launch>>['child']): string {
  const lines = child.output.entries.filter((line) => line.stream === 'stderr');
  return lines.map((line) => line.text).join('\n');
}

async function isListening(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connectTcp({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

describe('a wrong configuration', () => {
  test('is refused with all its faults at once, before anything starts', async () => {
    const faults = {
      NODE_ENV: 'staging',
      PORT: 'three-thousand',
      OPERATOR_PORT: '70000',
      NODE_ID: 'a b',
      REDIS_URL: 'http://127.0.0.1',
      REDIS_PREFIX: 'Über',
      DRIVER: 'carrier-pigeon',
      JWT_SECRET: 'too-short',
      REQUEST_DEADLINE_MS: '5s',
      HISTORY_MAX_MESSAGES: '0',
      IDEMPOTENCY_TTL_MS: '599999',
      MAX_FRAME_BYTES: '1',
      RATE_LIMIT_PER_SECOND: '-1',
      PING_INTERVAL_MS: '1.5',
      LOG_LEVEL: 'loud',
      CORS_ORIGINS: 'example.org',
    };
    const { child } = await launch(faults);
    expect(await child.exited).toEqual({ code: 78, signal: null });
    const stderr = stderrOf(child);
    for (const [name, value] of Object.entries(faults)) {
      expect(stderr).toMatch(new RegExp(`^\\s*${name} `, 'm'));
      // Never the value, which may be a secret pasted into the wrong variable.
      if (value.length > 3) expect(stderr).not.toContain(value);
    }
    expect(child.output.entries.filter((line) => line.stream === 'stdout')).toEqual([]);
  });

  test('listens nowhere, not even for a moment', async () => {
    const { child, env } = await launch({ LOG_LEVEL: 'loud' });
    let heard = false;
    while (child.running) {
      heard ||= await isListening(Number(env['PORT']));
      heard ||= await isListening(Number(env['OPERATOR_PORT']));
    }
    expect(heard).toBe(false);
    expect(await child.exited).toEqual({ code: 78, signal: null });
  });

  const combinations: Array<[string, Record<string, string | undefined>, string]> = [
    ['no key for tokens', { JWT_SECRET: undefined }, 'JWT_SECRET'],
    ['an empty key', { JWT_SECRET: '' }, 'JWT_SECRET'],
    ['two keys for tokens', { JWT_JWKS_URL: 'https://example.org/keys' }, 'JWT_JWKS_URL'],
    [
      'development without a key to sign with',
      { NODE_ENV: 'development', JWT_SECRET: undefined, JWT_JWKS_URL: 'https://example.org/keys' },
      'JWT_SECRET',
    ],
    ['one port for clients and operators', { PORT: '3000', OPERATOR_PORT: '3000' }, 'OPERATOR_PORT'],
    ['one port written in two ways', { PORT: '3000', OPERATOR_PORT: '03000' }, 'OPERATOR_PORT'],
    ['credentials that cannot be decoded', { REDIS_URL: 'redis://:%zz@127.0.0.1' }, 'REDIS_URL'],
    ['keys from a file', { JWT_SECRET: undefined, JWT_JWKS_URL: 'file:///etc/passwd' }, 'JWT_JWKS_URL'],
  ];
  test.each(combinations)('is %s', async (_, env, variable) => {
    const { child } = await launch(env);
    expect(await child.exited).toEqual({ code: 78, signal: null });
    expect(stderrOf(child)).toContain(variable);
  });
});

test('no secret is written anywhere, whether the configuration is good or bad', async () => {
  const password = 'correct-horse-battery-staple';
  const redis = await startRedis(scope);
  await redis.command('CONFIG', 'SET', 'requirepass', 'another');
  const redisUrl = `redis://default:${password}@127.0.0.1:${redis.port}`;
  const bad = await launch({ REDIS_URL: redisUrl, PORT: 'x', JWT_SECRET: password });
  expect((await bad.child.exited).code).toBe(78);
  expect(bad.child.tail(1_000)).not.toContain(password);

  // Refused by Redis: the gateway lives, says so, and keeps the password to itself.
  const gateway = await startGateway(scope, {
    redisUrl,
    nodeId: 'refused',
    issuer,
    env: { LOG_LEVEL: 'trace' },
    until: 'live',
  });
  await gateway.logs.until((lines) => lines.find((line) => line['connection'] !== undefined));
  expect(await gateway.health('readyz')).toBe(503);
  const shown = JSON.stringify([await gateway.inspect('/redis'), await gateway.inspect('/node')]);
  for (const text of [gateway.child.tail(10_000), shown]) {
    expect(text).not.toContain(password);
    expect(text).not.toContain(issuer.secret);
  }
});

test('a port in use is said, and nothing is left running', async () => {
  const redis = await startRedis(scope);
  const first = await startGateway(scope, { redisUrl: redis.url, nodeId: 'first', issuer });
  const { child } = await launch({ REDIS_URL: redis.url, PORT: new URL(first.url).port });
  const { code } = await child.exited;
  expect(code).toBe(1);
  expect(child.tail()).toContain('EADDRINUSE');
  await eventually(async () => (await redis.clients()).every((each) => !each['name']?.includes(':faulty:')));
  await eventually(async () => (await first.health('readyz')) === 200);
});
