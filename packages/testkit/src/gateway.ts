import { readyOrEnded, spawnChild, type Child, type ChildExit } from './child.ts';
import { eventually } from './eventually.ts';
import { Journal } from './journal.ts';
import { parseMetrics, type MetricSample } from './metrics.ts';
import { freePorts } from './port.ts';
import { repositoryPath } from './repository.ts';
import { openScope, type Scope } from './scope.ts';
import { secretNet } from './secret-net.ts';
import type { TokenIssuer } from './token.ts';

/** The cluster adapters that a gateway can be told to use. */
export type Driver = 'lanes' | 'streams' | 'sharded-pubsub';

export interface GatewayOptions {
  readonly redisUrl: string;
  readonly nodeId: string;
  readonly issuer: TokenIssuer;
  /** Default: the gateway's own default. */
  readonly driver?: Driver;
  /** More of the gateway's environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** What to wait for; `live` where Redis may be away. Default `ready`. */
  readonly until?: 'ready' | 'live';
}

/** One line of a gateway's log. */
export type LogLine = Readonly<Record<string, unknown>>;

export interface Gateway {
  readonly nodeId: string;
  /** Where clients connect. */
  readonly url: string;
  /** Where operators look. */
  readonly operatorUrl: string;
  readonly issuer: TokenIssuer;
  readonly pid: number;
  readonly child: Child;
  readonly logs: Journal<LogLine>;
  /** Resolves at the log line that says so, which may have been written already. */
  waitReady(): Promise<void>;
  /** The HTTP status of a health route. */
  health(route: 'livez' | 'readyz'): Promise<number>;
  metrics(): Promise<MetricSample[]>;
  /** JSON of an operators' route. */
  inspect(path: string): Promise<unknown>;
  /** Ends it as a crash does and waits until it is gone. */
  kill(): Promise<void>;
  /** Asks it to end (SIGTERM) and waits until it has. */
  stop(): Promise<ChildExit>;
}

// Where several start at once beside other tests.
const startMs = 50_000;

/** Where gateways are built to. */
export const gatewayEntry = 'apps/gateway/dist/main.js';

/** The environment of a gateway on free ports of the loopback, with the given options. */
export async function gatewayEnvironment(
  scope: Scope,
  options: GatewayOptions,
): Promise<Record<string, string>> {
  const [port, operatorPort] = await freePorts(scope, 2);
  return {
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: String(port),
    OPERATOR_HOST: '127.0.0.1',
    OPERATOR_PORT: String(operatorPort),
    NODE_ID: options.nodeId,
    REDIS_URL: options.redisUrl,
    JWT_SECRET: options.issuer.secret,
    // Where the machine stands still, a test that is not about the deadline waits.
    REQUEST_DEADLINE_MS: '30000',
    ...(options.driver === undefined ? {} : { DRIVER: options.driver }),
    ...options.env,
  };
}

/** Starts a real gateway process from what `npm run build` made. */
export async function startGateway(scope: Scope, options: GatewayOptions): Promise<Gateway> {
  const own = openScope();
  scope.onClose(() => own.close());
  const env = await gatewayEnvironment(own, options);
  const name = `gateway ${options.nodeId}`;
  let spawned: Child | undefined;
  // In reverse order: once it has ended.
  own.onClose(() => {
    const lines = spawned?.output.entries.map(({ text }) => text) ?? [];
    secretNet.check(`the output of ${name}`, Buffer.from(lines.join('\n')));
  });
  const child = await spawnChild(own, {
    name,
    command: process.execPath,
    args: [repositoryPath(gatewayEntry)],
    env,
    graceMs: 12_000,
  });
  spawned = child;
  const logs = parsedLogs(child);
  const url = `http://127.0.0.1:${env['PORT']}`;
  const operatorUrl = `http://127.0.0.1:${env['OPERATOR_PORT']}`;
  const gateway: Gateway = {
    nodeId: options.nodeId,
    url,
    operatorUrl,
    issuer: options.issuer,
    pid: child.pid,
    child,
    logs,
    async waitReady() {
      await readyOrEnded(child, name, (signal) =>
        logs.until((lines) => lines.find((line) => line['msg'] === 'gateway ready'), {
          timeoutMs: startMs,
          describe: () => `${name} is ready; ${child.tail()}`,
          signal,
        }),
      );
    },
    async health(route) {
      const response = await fetch(`${url}/${route}`, { signal: AbortSignal.timeout(30_000) });
      await response.arrayBuffer();
      return response.status;
    },
    async metrics() {
      const response = await fetch(`${operatorUrl}/metrics`);
      return parseMetrics(await response.text());
    },
    async inspect(path) {
      const response = await fetch(`${operatorUrl}${path}`);
      return await response.json();
    },
    async kill() {
      child.signal('SIGKILL');
      await child.exited;
    },
    async stop() {
      child.signal('SIGTERM');
      return await child.exited;
    },
  };
  if (options.until === 'live') {
    await readyOrEnded(child, name, (signal) =>
      eventually(async () => (await gateway.health('livez')) === 200, {
        timeoutMs: startMs,
        describe: () => `${name} is live; ${child.tail()}`,
        signal,
      }),
    );
  } else {
    await gateway.waitReady();
  }
  return gateway;
}

function parsedLogs(child: Child): Journal<LogLine> {
  const logs = new Journal<LogLine>();
  child.output.subscribe((line) => {
    if (line.stream !== 'stdout') return;
    try {
      logs.add(JSON.parse(line.text) as LogLine);
    } catch {
      // Not a log line; it stays in the child's output, where a test that minds can look.
    }
  });
  return logs;
}
