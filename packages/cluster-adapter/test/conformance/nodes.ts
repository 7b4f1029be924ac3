import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from '@jest/globals';
import type { Lifecycle } from '@sluice/kernel';
import { createRedisCore, type RedisCore } from '@sluice/redis-core';
import { eventually, openScope, startRedis, type RedisServer, type Scope } from '@sluice/testkit';
import { Server, type ServerOptions, type Socket } from 'socket.io';
import { createSessionStore } from '@sluice/session-store';
import {
  createClusterAdapter,
  createClusterDriver,
  createRedisLog,
  type ClusterLog,
} from '../../src/index.ts';

/** How long Redis may take on a machine that stands still for seconds. */
export const redisPatienceMs = 30_000;

/** Frames go straight to a connection that is not compressed, and Engine.IO's way to one that is. */
type DriverName = 'lanes' | 'lanes, compressed' | 'streams';
/** For what the official adapter does not do. */
export const ours: readonly DriverName[] = ['lanes', 'lanes, compressed'];
/**
 * With CONFORMANCE=official the official streams adapter stands beside ours, so that one can see that what is asked of ours
 * is what applications know. That takes twice as long.
 */
export const drivers: readonly DriverName[] =
  process.env['CONFORMANCE'] === 'official' ? [...ours, 'streams'] : ours;

export type Three<Item> = readonly [Item, Item, Item];

export interface Node {
  /** Starts of all keys and channels of its cluster. */
  readonly prefix: string;
  readonly io: Server;
  readonly url: string;
  /** Ends it as a deploy does. */
  leave(): Promise<void>;
  /** Takes Redis from it without a word to the others, as a crash does. */
  crash(): Promise<void>;
  /** Resolves once what a socket that has just left needs for its return is kept. */
  sessionsKept(): Promise<void>;
}

export interface NodesOptions {
  readonly redis: RedisServer;
  readonly driver: DriverName;
  readonly server?: Partial<ServerOptions>;
  /** Set up on each node before it listens, beside the main one. */
  readonly namespaces?: readonly string[];
  readonly prepare?: (io: Server) => void;
  /** For how long a node that is silent counts as one; a minute unless given. */
  readonly leaseMs?: number;
}

/** The nodes of one cluster, set apart from others on the same Redis. */
export interface Nodes {
  /** One that is `idle` has its adapter and neither listens nor starts it. */
  start(until?: 'started' | 'idle'): Promise<Node>;
  /** The channels of Redis that somebody listens to. */
  channels(): Promise<string[]>;
}

interface Attachment extends Lifecycle {
  readonly sessionsKept: () => Promise<void>;
}

type Attach = (io: Server, core: RedisCore, options: NodesOptions) => Attachment | Promise<Attachment>;

function attachLanes(io: Server, core: RedisCore, { server, leaseMs = 60_000 }: NodesOptions): Attachment {
  const log = createRedisLog(core, { outboxMaxAgeMs: redisPatienceMs });
  // All nodes of a test stand still together where this process does: that is not to end their leases.
  const patient: ClusterLog = Object.create(log, {
    beat: { value: (member: string) => log.beat(member, leaseMs) },
  });
  const { maxDisconnectionDuration = 120_000 } = server?.connectionStateRecovery ?? {};
  const sessions = createSessionStore(core, { maxDisconnectionMs: maxDisconnectionDuration });
  const adapter = createClusterAdapter({ log: patient, sessions });
  io.adapter(adapter);
  return {
    name: adapter.name,
    async start(signal) {
      await adapter.start(signal);
      await eventually(() => adapter.attached);
    },
    stop: (deadlineMs) => adapter.stop(deadlineMs),
    sessionsKept: () => Promise.resolve(),
  };
}

async function attachStreams(io: Server, core: RedisCore, { redis }: NodesOptions): Promise<Attachment> {
  const driver = await createClusterDriver(core, {
    driver: 'streams',
    log: { maxEntries: 1_000, maxAgeMs: 60_000, idempotencyTtlMs: 60_000 },
    onFault: () => undefined,
  });
  io.adapter(driver.adapter);
  io.on('connection', (socket) => driver.replayMissed(socket));
  return {
    name: driver.name,
    async start(signal) {
      await driver.start(signal);
      await eventually(() => driver.ready);
    },
    stop: (deadlineMs) => driver.stop(deadlineMs),
    async sessionsKept() {
      const pattern = `${core.keyspace.shared('adapter-session')}:*`;
      await eventually(async () => ((await redis.command('KEYS', pattern)) as unknown[]).length > 0);
    },
  };
}

const attach: Readonly<Record<DriverName, Attach>> = {
  lanes: attachLanes,
  'lanes, compressed': attachLanes,
  streams: attachStreams,
};

export function createNodes(scope: Scope, options: NodesOptions): Nodes {
  const prefix = `t${randomUUID().slice(0, 8)}`;
  let count = 0;
  return {
    async start(until = 'started') {
      count += 1;
      const core = createRedisCore({
        url: options.redis.url,
        prefix,
        nodeId: `node-${count}`,
        tuning: { deadlineMs: redisPatienceMs, probeMs: 20_000 },
      });
      const http = createServer();
      const io = new Server(http, {
        serveClient: false,
        ...(options.driver === 'lanes, compressed' && { perMessageDeflate: { threshold: 0 } }),
        ...options.server,
      });
      const signal = new AbortController().signal;
      let ending: Promise<void> | undefined;
      const end = async (): Promise<void> => {
        await io.close();
        await attachment.stop(1_000);
        await core.stop(1_000);
      };
      const leave = (): Promise<void> => (ending ??= end());
      scope.onClose(leave);
      await core.start(signal);
      const attachment = await attach[options.driver](io, core, options);
      for (const name of options.namespaces ?? []) io.of(name);
      options.prepare?.(io);
      if (until === 'started') {
        await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
        await attachment.start(signal);
      }
      return {
        prefix,
        io,
        url: `http://127.0.0.1:${(http.address() as AddressInfo | null)?.port}`,
        leave,
        crash: () => core.stop(0),
        sessionsKept: attachment.sessionsKept,
      };
    },
    async channels() {
      const replies = await Promise.all(
        ['CHANNELS', 'SHARDCHANNELS'].map((kind) => options.redis.command('PUBSUB', kind, `${prefix}*`)),
      );
      return replies.flatMap((reply) => reply as string[]).toSorted();
    },
  };
}

/** Three nodes that know of each other. */
export async function startNodes(scope: Scope, options: NodesOptions): Promise<Three<Node>> {
  const nodes = createNodes(scope, options);
  const three: Three<Node> = await Promise.all([nodes.start(), nodes.start(), nodes.start()]);
  // The official adapter counts subscriptions, which it does not wait for.
  for (const name of ['/', ...(options.namespaces ?? [])]) {
    for (const { io } of three) await eventually(async () => (await io.of(name).adapter.serverCount()) === 3);
  }
  return three;
}

/** One Redis for a test file. */
export function sharedRedis(): () => RedisServer {
  const scope = openScope(afterAll);
  let redis: RedisServer | undefined;
  beforeAll(async () => {
    redis = await startRedis(scope, { conf: { appendonly: 'no' } });
  });
  return () => redis as RedisServer;
}

/** The server's side of a client, which is connected. */
export function socketAt(node: Node, id: string | undefined, namespace = '/'): Socket {
  const socket = node.io.of(namespace).sockets.get(id as string);
  if (socket === undefined) throw new Error(`no socket ${id} in ${namespace}`);
  return socket;
}
