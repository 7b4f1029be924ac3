import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readyOrEnded, spawnChild, type Child } from './child.ts';
import { eventually } from './eventually.ts';
import { freePort } from './port.ts';
import { redisCommand, type RedisReply } from './redis-command.ts';
import { repositoryPath, requireProgram } from './repository.ts';
import { openScope, type Scope } from './scope.ts';

export interface RedisOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Where its append-only file lives. Default: a folder of its own, removed at the end. */
  readonly dir?: string;
  /** What it asks of every connection. Default: nothing. */
  readonly password?: string;
  /** More lines of configuration: name and value. */
  readonly conf?: Readonly<Record<string, string>>;
}

export interface RedisServer {
  /** With the password, where there is one. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends the process with `signal` (default SIGKILL, as a crash) and waits until it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and data, once it has been killed; resolves when it answers. */
  restart(): Promise<void>;
  /** Freezes the process: connections stay open and nobody answers. */
  pause(): void;
  resume(): void;
  command(...args: readonly string[]): Promise<RedisReply>;
  /** One record per connection, as CLIENT LIST has them, without the connection that asks. */
  clients(): Promise<ReadonlyArray<Readonly<Record<string, string>>>>;
  stop(): Promise<void>;
}

/** Starts the real redis-server with this repository's configuration, on the loopback; resolves when it answers. */
export async function startRedis(scope: Scope, options: RedisOptions = {}): Promise<RedisServer> {
  const own = openScope();
  scope.onClose(() => own.close());
  const port = options.port ?? (await freePort(own));
  const dir = options.dir ?? temporaryFolder(own);
  const { password } = options;
  const conf = {
    port: String(port),
    bind: '127.0.0.1',
    dir,
    ...(password !== undefined && { requirepass: password }),
    ...options.conf,
  };
  const command = (...args: readonly string[]): Promise<RedisReply> => redisCommand(port, args, { password });
  const start = async (): Promise<Child> => {
    const child = await spawnChild(own, {
      name: `redis-server on ${port}`,
      command: requireProgram('redis-server'),
      args: [
        repositoryPath('infra/redis/redis.conf'),
        ...Object.entries(conf).flatMap(([name, value]) => [`--${name}`, value]),
      ],
    });
    await readyOrEnded(child, 'redis-server', (signal) =>
      eventually(async () => (await command('PING')) === 'PONG', {
        // Where it has much to load, and others the disk and the processor.
        timeoutMs: 60_000,
        describe: () => `Redis answers on ${port}; ${child.tail()}`,
        signal,
      }),
    );
    return child;
  };
  let child = await start();
  const server: RedisServer = {
    url: `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid;
    },
    async kill(signal = 'SIGKILL') {
      child.signal(signal);
      await child.exited;
    },
    async restart() {
      child = await start();
    },
    pause: () => child.signal('SIGSTOP'),
    resume: () => child.signal('SIGCONT'),
    command,
    async clients() {
      const list = await command('CLIENT', 'LIST');
      const records = String(list).trim().split('\n').map(parseClient);
      return records.filter((record) => record['cmd'] !== 'client|list');
    },
    stop: () => own.close(),
  };
  return server;
}

function temporaryFolder(scope: Scope): string {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-test-redis-'));
  scope.onClose(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function parseClient(line: string): Record<string, string> {
  const fields = line.split(' ').map((field): [string, string] => {
    const equals = field.indexOf('=');
    return [field.slice(0, equals), field.slice(equals + 1)];
  });
  return Object.fromEntries(fields);
}
