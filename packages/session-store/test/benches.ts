import type { Clock } from '@sluice/kernel';
import { createRedisCore, type RedisCore, type RedisCoreOptions } from '@sluice/redis-core';
import { startRedis, type RedisServer, type Scope } from '@sluice/testkit';
import {
  createMemorySessionStore,
  createSessionStore,
  type NewSession,
  type Session,
  type SessionStore,
} from '../src/index.ts';

export const maxDisconnectionMs = 60_000;

/** One set of sessions as two nodes see it. */
export interface Bench {
  readonly store: SessionStore;
  readonly another: SessionStore;
  /** Lets time pass for the sessions there are. */
  pass(durationMs: number): Promise<void>;
}

export async function startCore(
  scope: Scope,
  redis: RedisServer,
  options: Partial<RedisCoreOptions> = {},
): Promise<RedisCore> {
  const core = createRedisCore({ url: redis.url, nodeId: 'node-1', ...options });
  scope.onClose(() => core.stop(1_000));
  await core.start(new AbortController().signal);
  return core;
}

async function openRedisBench(scope: Scope): Promise<Bench> {
  const redis = await startRedis(scope);
  const [one, two] = await Promise.all([
    startCore(scope, redis),
    startCore(scope, redis, { nodeId: 'node-2' }),
  ]);
  const older = `for _, key in ipairs(redis.call('KEYS', 'sluice:session:*')) do
    redis.call('PEXPIRE', key, redis.call('PTTL', key) - ARGV[1])
  end`;
  return {
    store: createSessionStore(one, { maxDisconnectionMs }),
    another: createSessionStore(two, { maxDisconnectionMs }),
    async pass(durationMs) {
      await redis.command('EVAL', older, '0', String(durationMs));
    },
  };
}

function openMemoryBench(): Promise<Bench> {
  let nowMs = 0;
  const clock: Clock = { now: () => nowMs, schedule: () => () => undefined };
  const store = createMemorySessionStore({ maxDisconnectionMs }, clock);
  return Promise.resolve({
    store,
    another: store,
    pass(durationMs) {
      nowMs += durationMs;
      return Promise.resolve();
    },
  });
}

export const benches: readonly [name: string, open: (scope: Scope) => Promise<Bench>][] = [
  ['in Redis', openRedisBench],
  ['in memory', openMemoryBench],
];

let made = 0;

/** A session that no other test knows, of `ada` in the namespace `/chat`, held by `node-1`. */
export function newSession(session: Partial<NewSession> = {}): NewSession {
  made += 1;
  return {
    pid: `pid-${made}`,
    sid: `sid-${made}`,
    namespace: '/chat',
    user: 'ada',
    owner: 'node-1',
    start: '5-0',
    rooms: { garden: '5-1' },
    data: '{"theme":"dark"}',
    ...session,
  };
}

export const ada = { namespace: '/chat', user: 'ada', owner: 'node-2' };

/** The session after a claim by its user. */
export async function claimed(store: SessionStore, pid: string, claimant = ada): Promise<Session> {
  const claim = await store.claim(pid, claimant);
  if (claim.kind !== 'claimed') throw new Error(`the session is ${claim.kind}`);
  return claim.session;
}
