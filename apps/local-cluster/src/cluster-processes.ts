import { join } from 'node:path';
import { hostAndPort, type ClusterPlan, type GatewayPlan } from './cluster-plan.ts';
import type { ProcessCommand } from './supervised-process.ts';
import { traceEnvironment } from './trace/trace-environment.ts';

/** Absolute paths of the programs that setup found. */
export interface Programs {
  readonly haproxy: string;
  readonly redisServer: string | undefined;
}

export interface CommandSources {
  readonly plan: ClusterPlan;
  readonly programs: Programs;
  /** Of this repository. */
  readonly root: string;
  readonly driver: string | undefined;
  readonly jwtSecret: string;
  /** What the user's shell has. */
  readonly userEnvironment: Readonly<NodeJS.ProcessEnv>;
}

export function redisCommand({ plan, programs, root, userEnvironment }: CommandSources): ProcessCommand[] {
  if (plan.redis === undefined || programs.redisServer === undefined) return [];
  return [
    {
      name: 'redis',
      command: programs.redisServer,
      // prettier-ignore
      args: [
        join(root, 'infra/redis/redis.conf'),
        '--bind', plan.redis.host,
        '--port', String(plan.redis.port),
        '--dir', plan.redisFolder,
      ],
      env: basicEnvironment(userEnvironment),
      graceMs: 5_000,
    },
  ];
}

export function frontCommand({ plan, programs, root, userEnvironment }: CommandSources): ProcessCommand {
  const servers = plan.gateways.map(({ client }, index) => [`GATEWAY_${index + 1}`, hostAndPort(client)]);
  const stats = userEnvironment['FRONT_STATS_BIND'] || undefined;
  return {
    name: 'front',
    command: programs.haproxy,
    args: ['-db', '-f', join(root, 'infra/haproxy/haproxy.cfg')],
    env: {
      ...basicEnvironment(userEnvironment),
      FRONT_BIND: hostAndPort(plan.front),
      ...Object.fromEntries(servers),
      ...(stats === undefined ? {} : { FRONT_STATS_BIND: stats }),
    },
    graceMs: 2_000,
  };
}

export function gatewayCommand(gateway: GatewayPlan, sources: CommandSources): ProcessCommand {
  return {
    name: gateway.nodeId,
    command: process.execPath,
    args: [join(sources.root, 'apps/gateway/dist/main.js')],
    env: gatewayEnvironment(gateway, sources),
    // More than the gateway takes itself, by its SHUTDOWN_GRACE_MS.
    graceMs: 12_000,
  };
}

/**
 * What the user has set reaches the gateways (LOG_LEVEL, limits: a list of names here would be a second copy of the
 * gateway's own table), but for what places each one in this cluster, for where traces go while they are shown, and for
 * npm's own variables.
 */
function gatewayEnvironment(gateway: GatewayPlan, sources: CommandSources): Record<string, string> {
  const { plan, driver, jwtSecret, userEnvironment } = sources;
  const inherited = Object.entries(userEnvironment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !/^npm_/i.test(entry[0]),
  );
  return {
    ...Object.fromEntries(inherited),
    ...(plan.traces === undefined ? {} : traceEnvironment(plan.traces, userEnvironment)),
    NODE_ENV: 'development',
    NODE_ID: gateway.nodeId,
    HOST: gateway.client.host,
    PORT: String(gateway.client.port),
    OPERATOR_HOST: gateway.operator.host,
    OPERATOR_PORT: String(gateway.operator.port),
    REDIS_URL: plan.redisUrl,
    ...(driver === undefined ? {} : { DRIVER: driver }),
    JWT_SECRET: userEnvironment['JWT_SECRET'] || jwtSecret,
  };
}

function basicEnvironment(userEnvironment: Readonly<NodeJS.ProcessEnv>): Record<string, string> {
  return { PATH: userEnvironment['PATH'] ?? '', LC_ALL: 'C', TZ: userEnvironment['TZ'] ?? '' };
}
