import { randomBytes } from 'node:crypto';
import type { Lifecycle } from '@sluice/kernel';
import type { RedisCore } from '@sluice/redis-core';
import { createSessionStore, type SessionStore } from '@sluice/session-store';
import type { Namespace } from 'socket.io';
import type { ClusterLog, Retention } from '../log/cluster-log.ts';
import { createRedisLog } from '../log/redis-log.ts';
import { LanesAdapter } from './lanes-adapter.ts';
import { LanesNode } from './lanes-node.ts';
import type { LanesOptions } from './lanes-options.ts';

export interface ClusterAdapterOptions extends Partial<LanesOptions> {
  /** Start it before the server listens and stop it after `io.close()`. */
  readonly core: RedisCore;
  /** Default: a store on the same core, for as long as the server's `connectionStateRecovery` says. */
  readonly sessions?: SessionStore;
}

export interface ClusterAdapterParts extends Partial<LanesOptions> {
  readonly log: ClusterLog;
  readonly sessions: SessionStore;
}

/**
 * For `io.adapter(...)`. Starts with its first namespace and stops with its last, which `io.close()` closes; `start` and
 * `stop` are there for those who want to wait.
 */
export interface ClusterAdapter extends Lifecycle {
  (this: void, namespace: Namespace): LanesAdapter;
  new (namespace: Namespace): LanesAdapter;
  readonly ready: boolean;
  readonly attached: boolean;
  /** The adapter of a namespace on this node, where it has been made. */
  of(namespace: string): LanesAdapter | undefined;
}

const defaultMaxEntries = 10_000;

/** The Socket.IO adapter with one order, over Redis (`core`) or over any log. Recovery needs the server's `connectionStateRecovery`. */
export function createClusterAdapter(options: ClusterAdapterOptions | ClusterAdapterParts): ClusterAdapter {
  const log = 'core' in options ? createRedisLog(options.core) : options.log;
  let sessions = options.sessions;
  let retention: Retention | undefined;
  const sessionsFor = (maxDisconnectionMs: number): SessionStore => {
    if (sessions === undefined && 'core' in options)
      sessions = createSessionStore(options.core, { maxDisconnectionMs });
    return sessions as SessionStore;
  };
  const node = new LanesNode(log, sessionsFor, {
    uid: randomBytes(8).toString('hex'),
    // Twice what a client may be away for: it must find what it missed.
    retention: () =>
      (retention ??= {
        maxAgeMs: 2 * (sessions?.maxDisconnectionMs ?? 0) + 60_000,
        maxEntries: defaultMaxEntries,
      }),
    onGap: 'fresh',
    whenAway: 'hold',
    policies: {},
    maxQueuedBytes: 1024 * 1024,
    userOf: () => '',
    recoveriesAtOnce: 64,
    tracing: {},
    onFault: () => undefined,
    onObserved: () => undefined,
    ...defined(options),
  });
  // Socket.IO calls it with `new`, which a method or an arrow function does not bear.
  const attach = function attachTo(namespace: Namespace): LanesAdapter {
    return new LanesAdapter(namespace, node);
  };
  return Object.defineProperties(attach, {
    name: { value: node.name },
    ready: { get: () => node.ready },
    attached: { get: () => node.attached },
    of: { value: (namespace: string) => node.adapters.get(namespace) },
    start: { value: (signal: AbortSignal) => node.start(signal) },
    stop: { value: (deadlineMs: number) => node.stop(deadlineMs) },
  }) as unknown as ClusterAdapter;
}

function defined(options: object): Partial<LanesOptions> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
