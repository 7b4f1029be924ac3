import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { openScope, repositoryPath } from '@sluice/testkit';

const scope = openScope(afterAll);
const restricted = 'eslint(no-restricted-imports)';
const listener = 'sluice(async-listener)';

// A file that breaks one rule, where it would stand, and the rule that has to say so.
const offences: [path: string, source: string, rule: string][] = [
  ['apps/gateway/src/redis.ts', "import { createClient } from 'redis'; createClient();", restricted],
  [
    'apps/gateway/src/redis-part.ts',
    "import { createClient } from '@redis/client'; createClient();",
    restricted,
  ],
  [
    'packages/cluster-adapter/src/redis-file.ts',
    "import { createClient } from 'redis/dist/index.js'; createClient();",
    restricted,
  ],
  [
    'packages/testkit/src/core.ts',
    "import { createRedisCore } from '@sluice/redis-core'; createRedisCore();",
    restricted,
  ],
  [
    'packages/redis-core/src/up.ts',
    "import { createClusterDriver } from '@sluice/cluster-adapter'; createClusterDriver();",
    restricted,
  ],
  [
    'packages/redis-core/src/around.ts',
    "import { x } from '../../cluster-adapter/src/index.ts'; x();",
    restricted,
  ],
  [
    'packages/session-store/src/up.ts',
    "import { createClusterDriver } from '@sluice/cluster-adapter'; createClusterDriver();",
    restricted,
  ],
  [
    'packages/testkit/src/sessions.ts',
    "import { createSessionStore } from '@sluice/session-store'; createSessionStore();",
    restricted,
  ],
  [
    'packages/cluster-adapter/src/around.ts',
    "import { x } from '../../session-store/src/index.ts'; x();",
    restricted,
  ],
  ['packages/protocol/src/around.ts', "import { x } from '../../kernel/src/clock.ts'; x();", restricted],
  [
    'packages/telemetry/src/up.ts',
    "import { createRedisCore } from '@sluice/redis-core'; createRedisCore();",
    restricted,
  ],
  [
    'packages/cluster-adapter/src/sdk.ts',
    "import { TracerProvider } from '@opentelemetry/sdk-trace'; new TracerProvider();",
    restricted,
  ],
  ['packages/protocol/src/telemetry.ts', "import { x } from '@sluice/telemetry'; x();", restricted],
  ['apps/web/src/telemetry.ts', "import { x } from '@sluice/telemetry'; x();", restricted],
  ['packages/kernel/src/io.ts', "import { readFileSync } from 'node:fs'; readFileSync('x');", restricted],
  ['packages/cluster-adapter/src/server.ts', "import { Server } from 'socket.io'; new Server();", restricted],
  ['apps/web/src/app.ts', "import { x } from '../../gateway/src/config.ts'; x();", restricted],
  ['apps/gateway/test/app.test.ts', "import { x } from '../../web/src/main.tsx'; x();", restricted],
  ['apps/local-cluster/start.mjs', "import { x } from '@sluice/redis-core'; x();", restricted],
  ['loadtests/client.ts', "import { x } from '@sluice/testkit'; x();", restricted],
  ['loadtests/value.ts', "import { limits } from '@sluice/protocol'; limits();", restricted],
  ['loadtests/test/up.ts', "import { x } from '@sluice/cluster-adapter'; x();", restricted],
  ['loadtests/peers/src/client.ts', "import { io } from 'socket.io-client'; io('x');", restricted],
  ['loadtests/runner/src/adapter.ts', "import { x } from '@sluice/cluster-adapter'; x();", restricted],
  [
    'loadtests/peers/src/bench/adapter.ts',
    "import { createClusterAdapter } from '@sluice/cluster-adapter'; createClusterAdapter();",
    restricted,
  ],
  [
    'loadtests/peers/src/under-test/around.ts',
    "import { x } from '../../../../packages/redis-core/src/index.ts'; x();",
    restricted,
  ],
  ['apps/gateway/src/on.ts', "export const f = (s) => s.on('x', async () => { await s.y(); });", listener],
  [
    'apps/web/src/once.ts',
    "export const f = (s) => s.io.once('x', async function () { await s.y(); });",
    listener,
  ],
  [
    'apps/gateway/src/use.ts',
    'export const f = (io) => io.use(async (socket) => { await socket.y(); });',
    listener,
  ],
];
const innocent: [path: string, source: string][] = [
  [
    'packages/session-store/src/core.ts',
    "import { redisError } from '@sluice/redis-core'; redisError('redis_closed');",
  ],
  [
    'packages/cluster-adapter/src/sessions.ts',
    "import { createSessionStore } from '@sluice/session-store'; createSessionStore();",
  ],
  [
    'packages/telemetry/src/sdk.ts',
    "import { TracerProvider } from '@opentelemetry/sdk-trace'; new TracerProvider();",
  ],
  [
    'apps/web/src/trace/sdk.ts',
    "import { TracerProvider } from '@opentelemetry/sdk-trace'; new TracerProvider();",
  ],
  ['packages/cluster-adapter/src/traced.ts', "import { recorded } from '@sluice/telemetry'; recorded();"],
  ['packages/redis-core/src/redis.ts', "import { createClient } from '@redis/client'; createClient();"],
  [
    'packages/cluster-adapter/src/type.ts',
    "import type { Server } from 'socket.io'; export type S = Server;",
  ],
  [
    'apps/gateway/src/server.ts',
    "import { Server } from 'socket.io'; new Server().on('x', () => undefined);",
  ],
  [
    'loadtests/peers/src/under-test/floor.ts',
    "import { createClient } from 'redis'; import { Server } from 'socket.io'; new Server(createClient());",
  ],
  ['loadtests/type.ts', "import type { Message } from '@sluice/protocol'; export type M = Message;"],
  [
    'loadtests/test/server.ts',
    "import { Server } from 'socket.io'; import { openScope } from '@sluice/testkit'; new Server(openScope());",
  ],
  ['loadtests/runner/src/scope.ts', "import { openScope } from '@sluice/testkit'; openScope();"],
  ['loadtests/peers/src/bench/scope.ts', "import { openScope } from '@sluice/testkit'; openScope();"],
  ['apps/gateway/src/chat/x.ts', "import { x } from '../config.ts'; x();"],
];

interface Report {
  readonly diagnostics: readonly { readonly code: string; readonly filename: string }[];
}

async function lint(): Promise<Map<string, string[]>> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-lint-'));
  scope.onClose(() => rmSync(folder, { recursive: true, force: true }));
  for (const part of ['.oxlintrc.json', 'infra/lint']) {
    cpSync(repositoryPath(part), join(folder, part), { recursive: true });
  }
  symlinkSync(repositoryPath('node_modules'), join(folder, 'node_modules'));
  for (const [path, source] of [...offences, ...innocent]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `${source}\n`);
  }
  const program = repositoryPath('node_modules/oxlint/bin/oxlint');
  const output = await new Promise<string>((resolve) => {
    // It exits with 1, since there is something to report.
    execFile(process.execPath, [program, '--format', 'json'], { cwd: folder }, (_error, stdout) =>
      resolve(stdout),
    );
  });
  const found = new Map<string, string[]>();
  for (const { code, filename } of (JSON.parse(output) as Report).diagnostics) {
    found.set(filename, [...(found.get(filename) ?? []), code]);
  }
  return found;
}

test('import directions, owners of third parties and async listeners are held by lint', async () => {
  const found = await lint();
  for (const [path, , rule] of offences)
    expect([path, found.get(path)]).toEqual([path, expect.arrayContaining([rule])]);
  for (const [path] of innocent) expect([path, found.get(path)]).toEqual([path, undefined]);
});
