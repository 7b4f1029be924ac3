import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { eventually, freeBasePort, redisCommand, withScope } from '@sluice/testkit';
import {
  isAlive,
  portOffsets,
  runNpmStart,
  runStart,
  startLocalCluster,
  temporaryFolder,
  untilGone,
  type StartedCluster,
} from './started-cluster.ts';

const gateways = ['gateway-1', 'gateway-2', 'gateway-3'];
const processes = [...gateways, 'redis', 'front'];

const pidsOf = (cluster: StartedCluster): number[] => processes.map((name) => cluster.pidOf(name));

async function nodeAt(
  port: number,
): Promise<{ nodeId: string; pid: number; ready: boolean; driver: string }> {
  const response = await fetch(`http://127.0.0.1:${port}/node`);
  return (await response.json()) as { nodeId: string; pid: number; ready: boolean; driver: string };
}

async function frontStatus(cluster: StartedCluster): Promise<number> {
  const response = await fetch(`${cluster.url}/readyz`);
  await response.arrayBuffer();
  return response.status;
}

describe('npm start', () => {
  test('runs gateways, Redis and a front, restarts what dies, and leaves nothing behind', async () => {
    await withScope(async (scope) => {
      const cluster = await startLocalCluster(scope, { args: ['--driver', 'sharded-pubsub'] });
      const { port } = cluster;
      const nodes = await Promise.all([101, 102, 103].map((offset) => nodeAt(port + offset)));
      expect(nodes).toEqual(
        gateways.map((nodeId) =>
          expect.objectContaining({
            nodeId,
            pid: cluster.pidOf(nodeId),
            ready: true,
            driver: 'sharded-pubsub',
          }),
        ),
      );
      expect(await frontStatus(cluster)).toBe(200);
      expect(statSync(join(cluster.dataFolder, 'jwt-secret')).mode & 0o777).toBe(0o600);

      const killed = cluster.pidOf('gateway-2');
      process.kill(killed, 'SIGKILL');
      await eventually(
        async () => {
          const node = await nodeAt(port + 102);
          return node.ready && node.pid !== killed;
        },
        { timeoutMs: 60_000 },
      );
      expect(cluster.lines()).toContainEqual(
        expect.stringMatching(
          new RegExp(`gateway-2 \\(pid ${killed}\\) was killed by SIGKILL; starting it again`),
        ),
      );
      await eventually(() => cluster.pidOf('gateway-2') !== killed);

      await redisCommand(port + 200, ['SET', 'kept', 'as it was']);
      const redis = cluster.pidOf('redis');
      process.kill(redis, 'SIGKILL');
      await eventually(async () => (await redisCommand(port + 200, ['GET', 'kept'])) === 'as it was');
      await eventually(async () => (await nodeAt(port + 101)).ready);
      await eventually(async () => (await frontStatus(cluster)) === 200);
      await eventually(() => cluster.pidOf('redis') !== redis);

      const pids = pidsOf(cluster);
      expect(pids.map(isAlive)).toEqual(pids.map(() => true));
      expect(await cluster.child.end()).toEqual({ code: 0, signal: null });
      expect(pids.map(isAlive)).toEqual(pids.map(() => false));
      expect(readdirSync(cluster.dataFolder).toSorted()).toEqual(['jwt-secret', 'redis']);
    });
    // Six starts of a process, each of which may take its time.
  });

  test('a second start finds the data and the secret of the first', async () => {
    await withScope(async (scope) => {
      const dataFolder = temporaryFolder(scope);
      const args = ['--nodes', '1'];
      const first = await startLocalCluster(scope, { args, dataFolder });
      await redisCommand(first.port + 200, ['SET', 'kept', 'as it was']);
      const secret = readFileSync(join(dataFolder, 'jwt-secret'), 'utf8');
      await first.child.end();

      const second = await startLocalCluster(scope, { args, dataFolder, port: first.port });
      expect(await redisCommand(second.port + 200, ['GET', 'kept'])).toBe('as it was');
      expect(readFileSync(join(dataFolder, 'jwt-secret'), 'utf8')).toBe(secret);

      const port = String(await freeBasePort(scope, portOffsets));
      const rival = await runStart(scope, ['--port', port, '--data', dataFolder]);
      expect(await rival.exited).toMatchObject({ code: 69 });
      expect(rival.tail()).toMatch(`process id ${second.child.pid} uses ${dataFolder}`);
    });
  });

  test('killed outright, it takes its processes with it', async () => {
    await withScope(async (scope) => {
      const cluster = await startLocalCluster(scope);
      const pids = pidsOf(cluster);
      cluster.child.signal('SIGKILL');
      await Promise.all(pids.map(untilGone));

      expect(pids.map(isAlive)).toEqual(pids.map(() => false));

      // Neither ports nor folder are left taken.
      const { port, dataFolder } = cluster;
      const next = await startLocalCluster(scope, { args: ['--nodes', '1'], port, dataFolder });
      await eventually(async () => (await frontStatus(next)) === 200);
    });
  });

  test('through npm it stops just as well', async () => {
    await withScope(async (scope) => {
      const cluster = await startLocalCluster(scope, { args: ['--nodes', '1'], run: runNpmStart });
      const pids = ['gateway-1', 'redis', 'front'].map((name) => cluster.pidOf(name));
      expect(await cluster.child.end()).toEqual({ code: 0, signal: null });
      expect(pids.map(isAlive)).toEqual([false, false, false]);
    });
  });

  test('asked to stop while it starts, it stops', async () => {
    await withScope(async (scope) => {
      const port = await freeBasePort(scope, portOffsets);
      const child = await runStart(scope, ['--port', String(port), '--data', temporaryFolder(scope)]);
      await child.output.until((lines) => lines.find((line) => line.text.includes('starting 3 gateways')));
      child.signal('SIGTERM');
      expect(await child.exited).toEqual({ code: 0, signal: null });
      const stillOpen = await Promise.all(
        portOffsets.map((offset) => fetch(`http://127.0.0.1:${port + offset}`).catch(() => undefined)),
      );
      expect(stillOpen).toEqual(portOffsets.map(() => undefined));
    });
  });

  test('names every port in use before anything is started', async () => {
    await withScope(async (scope) => {
      const port = await freeBasePort(scope, portOffsets);
      for (const taken of [port, port + 2, port + 103, port + 200]) {
        const server = createServer().listen(taken, '127.0.0.1');
        scope.onClose(() => new Promise((resolve) => server.close(resolve)));
      }
      const dataFolder = join(temporaryFolder(scope), 'never-made');
      const child = await runStart(scope, ['--port', String(port), '--data', dataFolder]);
      expect(await child.exited).toEqual({ code: 69, signal: null });
      const text = child.tail();
      expect(text).toMatch('Nothing was started');
      expect(text).toMatch(`127.0.0.1:${port} is in use; wanted for the front`);
      expect(text).toMatch(`127.0.0.1:${port + 2} is in use; wanted for gateway-2`);
      expect(text).toMatch(`127.0.0.1:${port + 103} is in use; wanted for gateway-3, operators' port`);
      expect(text).toMatch(`127.0.0.1:${port + 200} is in use; wanted for Redis`);
      expect(text).not.toMatch(`:${port + 1} `);
      expect(existsSync(dataFolder)).toBe(false);
    });
  });

  test('gives up where the gateways refuse their configuration', async () => {
    await withScope(async (scope) => {
      const args = [
        '--port',
        String(await freeBasePort(scope, portOffsets)),
        '--data',
        temporaryFolder(scope),
      ];
      const child = await runStart(scope, args, { HISTORY_MAX_MESSAGES: 'plenty' });
      expect(await child.exited).toEqual({ code: 78, signal: null });
      expect(child.tail()).toMatch('HISTORY_MAX_MESSAGES');
    });
  });

  test('refuses foreign keys before anything starts: development signs its own tokens', async () => {
    await withScope(async (scope) => {
      const child = await runStart(scope, [], { JWT_JWKS_URL: 'https://example.org/keys' });
      expect(await child.exited).toEqual({ code: 78, signal: null });
      expect(child.tail()).toMatch('JWT_JWKS_URL cannot be used here');
    });
  });
});

describe('the options of npm start', () => {
  test('--help explains every one of them', async () => {
    await withScope(async (scope) => {
      const child = await runStart(scope, ['--help']);
      expect(await child.exited).toEqual({ code: 0, signal: null });
      for (const option of ['--nodes', '--port', '--host', '--driver', '--data', '--verbose', '--trace']) {
        expect(child.tail(50)).toMatch(option);
      }
    });
  });

  test('whatever is wrong with them is said all at once', async () => {
    await withScope(async (scope) => {
      const args = [
        '--nodes',
        '17',
        '--port',
        '65400',
        '--driver',
        'pigeons',
        '--host',
        'example.org',
        'more',
      ];
      const child = await runStart(scope, args);
      expect(await child.exited).toEqual({ code: 64, signal: null });
      for (const word of ['"17"', '"65400"', '"pigeons"', '"example.org"', '"more"', '--help']) {
        expect(child.tail()).toMatch(word);
      }
    });
  });

  test('an unknown one is named', async () => {
    await withScope(async (scope) => {
      const child = await runStart(scope, ['--prot', '4000']);
      expect(await child.exited).toEqual({ code: 64, signal: null });
      expect(child.tail()).toMatch("Unknown option '--prot'");
    });
  });
});
