import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import {
  connect,
  connectRefused,
  freePort,
  gatewayEntry,
  gatewayEnvironment,
  repositoryPath,
  spawnChild,
} from '@sluice/testkit';
import type { Stage } from './stage.ts';

/** The collector takes nothing while clients say more than can be kept for it, and hears of that once it does again. */
export async function deafCollector({ scope, one, receiver, observatory }: Stage): Promise<void> {
  const clients = await Promise.all([1, 2, 3, 4].map(() => connect(scope, one)));
  receiver.stall();
  scope.onClose(() => receiver.heal());
  for (const client of clients) {
    // As many as it may send at once, each of them two spans.
    for (let event = 0; event < 100; event += 1)
      client.emitRaw('room:leave', { room: 'none' }, () => undefined);
  }
  await observatory.untilSeenIn(
    '/metrics',
    'sluice_telemetry_spans_dropped_total',
    'sluice_telemetry_exports_total',
  );
  receiver.heal();
}

/** Gateways that end, or that do not get so far. */
export async function ends({ scope, driver, one, two, cluster, start, observatory }: Stage): Promise<void> {
  const { redis, issuer } = cluster;
  // The port is taken.
  const env = await gatewayEnvironment(scope, { redisUrl: redis.url, nodeId: 'second', issuer, driver });
  const second = await spawnChild(scope, {
    name: 'a gateway on the port of another',
    command: process.execPath,
    args: [repositoryPath(gatewayEntry)],
    env: { ...env, PORT: new URL(one.url).port },
  });
  observatory.readLog(second);
  expect((await second.exited).code).toBe(1);

  // Nobody listens where the keys of tokens should be; and it is told to end twice.
  const nobody = `http://127.0.0.1:${await freePort(scope)}/keys`;
  const hesitant = await start('hesitant', {
    NODE_ENV: 'test',
    JWT_SECRET: '',
    JWT_JWKS_URL: nobody,
    DRAIN_MS: '60000',
  });
  const refused = await connectRefused(scope, hesitant, { token: tokenOfUnknownKey() });
  expect(refused).toMatchObject({ code: 'unavailable' });
  await observatory.untilSeen('handshake failed', 'sluice_connections_refused_total');
  hesitant.child.signal('SIGTERM');
  await hesitant.logs.until((lines) => lines.some(({ msg }) => msg === 'gateway stopping'));
  expect(await hesitant.stop()).toMatchObject({ code: 1 });

  const broken = await start('broken', { NODE_OPTIONS: `--import=${fileURLToPath(failingClose)}` });
  expect(await broken.stop()).toMatchObject({ code: 1 });
  expect(await two.stop()).toMatchObject({ code: 0 });
}

const failingClose = new URL('failing-close.mjs', import.meta.url);

/** Whose key would have to be fetched. */
function tokenOfUnknownKey(): string {
  const part = (content: object): string => Buffer.from(JSON.stringify(content)).toString('base64url');
  return [part({ alg: 'RS256', kid: 'unknown' }), part({ sub: 'ada' }), 'AAAA'].join('.');
}
