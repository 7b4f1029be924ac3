import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readyOrEnded, spawnChild, type Child } from './child.ts';
import { eventually } from './eventually.ts';
import { freePort, freePorts } from './port.ts';
import { redisCommand, type RedisReply } from './redis-command.ts';
import { repositoryPath, requireProgram } from './repository.ts';
import type { Scope } from './scope.ts';

/** One process of the set-up, a Redis or a sentinel. */
export interface SentinelMember {
  readonly port: number;
  /** Ends the process with SIGKILL and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again with what it has kept, once it has been killed; resolves when it answers. */
  restart(): Promise<void>;
  pause(): void;
  resume(): void;
  command(...args: readonly string[]): Promise<RedisReply>;
}

export interface SentinelSetup {
  /** `redis-sentinel://…`, with all sentinels and the master's name. */
  readonly url: string;
  readonly masterName: string;
  /** A master and its replica, as they begin. */
  readonly servers: readonly [SentinelMember, SentinelMember];
  readonly sentinels: readonly SentinelMember[];
  /** The server that most sentinels name, whether it lives or not. */
  master(): Promise<SentinelMember>;
}

const masterName = 'main';
const sentinelCount = 3;

/**
 * Starts a master, a replica and three sentinels that notice a failure in three seconds, and no mere hold-up; resolves when
 * all of them know of each other. Their configuration is their own, since sentinels have Redis rewrite it.
 */
export async function startSentinel(scope: Scope): Promise<SentinelSetup> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-sentinel-'));
  scope.onClose(() => rmSync(folder, { recursive: true, force: true }));
  const [masterPort = 0, ...sentinelPorts] = await freePorts(scope, 1 + sentinelCount);
  const startServer = (port: number, lines: readonly string[]): Promise<SentinelMember> =>
    startMember(scope, {
      folder,
      port,
      lines: [`include ${repositoryPath('infra/redis/redis.conf')}`, 'repl-diskless-sync-delay 0', ...lines],
    });
  const master = await startServer(masterPort, []);
  const replica = await startServer(await freePort(scope), [`replicaof 127.0.0.1 ${masterPort}`]);
  // Sentinels look for replicas when they start, and then each ten seconds only.
  await eventually(async () => String(await replica.command('ROLE')).includes('connected'), {
    describe: () => 'the replica is in step',
  });
  const sentinels = await Promise.all(
    sentinelPorts.map((port) =>
      startMember(scope, {
        folder,
        port,
        lines: [
          `sentinel monitor ${masterName} 127.0.0.1 ${masterPort} 2`,
          `sentinel down-after-milliseconds ${masterName} 3000`,
          `sentinel failover-timeout ${masterName} 3000`,
        ],
        args: ['--sentinel'],
      }),
    ),
  );
  await Promise.all(sentinels.map(knowsAll));
  const servers = [master, replica] as const;
  return {
    url: `redis-sentinel://${sentinelPorts.map((port) => `127.0.0.1:${port}`).join(',')}/${masterName}`,
    masterName,
    servers,
    sentinels,
    async master() {
      const named = await Promise.all(sentinels.map(masterOf));
      const most = servers.find(
        ({ port }) => named.filter((name) => name === port).length * 2 > sentinelCount,
      );
      if (most === undefined) throw new Error(`the sentinels name ${named.join(', ')}`);
      return most;
    },
  };
}

async function knowsAll(sentinel: SentinelMember): Promise<void> {
  await eventually(
    async () => {
      const [replicas, others] = await Promise.all([
        sentinel.command('SENTINEL', 'replicas', masterName),
        sentinel.command('SENTINEL', 'sentinels', masterName),
      ]);
      const [replica] = replicas as string[][];
      // One that they have not asked yet they would not promote.
      const isAsked = replica?.[replica.indexOf('master-link-status') + 1] === 'ok';
      return isAsked && (others as RedisReply[]).length === sentinelCount - 1;
    },
    { timeoutMs: 60_000, describe: () => 'the sentinels know of each other' },
  );
}

/** The port of the master as `sentinel` has it; undefined where the sentinel is away. */
async function masterOf(sentinel: SentinelMember): Promise<number | undefined> {
  try {
    const reply = await sentinel.command('SENTINEL', 'get-master-addr-by-name', masterName);
    return Number((reply as string[])[1]);
  } catch {
    return undefined;
  }
}

interface MemberOptions {
  readonly folder: string;
  readonly port: number;
  readonly lines: readonly string[];
  readonly args?: readonly string[];
}

async function startMember(scope: Scope, options: MemberOptions): Promise<SentinelMember> {
  const { port, args = [] } = options;
  const dir = join(options.folder, String(port));
  mkdirSync(dir);
  const conf = join(dir, 'redis.conf');
  const lines = ['bind 127.0.0.1', `port ${port}`, `dir ${dir}`, ...options.lines];
  writeFileSync(conf, `${lines.join('\n')}\n`);
  const command = (...words: readonly string[]): Promise<RedisReply> => redisCommand(port, words);
  const start = async (): Promise<Child> => {
    const child = await spawnChild(scope, {
      name: `redis-server on ${port}`,
      command: requireProgram('redis-server'),
      args: [conf, ...args],
    });
    await readyOrEnded(child, 'redis-server', (signal) =>
      eventually(async () => (await command('PING')) === 'PONG', {
        describe: () => `Redis answers on ${port}; ${child.tail()}`,
        signal,
      }),
    );
    return child;
  };
  let child = await start();
  return {
    port,
    async kill() {
      child.signal('SIGKILL');
      await child.exited;
    },
    async restart() {
      child = await start();
    },
    pause: () => child.signal('SIGSTOP'),
    resume: () => child.signal('SIGCONT'),
    command,
  };
}
