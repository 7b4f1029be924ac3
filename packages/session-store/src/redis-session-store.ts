import { randomUUID } from 'node:crypto';
import { redisError, type RedisCore, type RedisReply, type Script } from '@sluice/redis-core';
import { changedFieldsOf, fieldsOf, parseSession, roomFields } from './session-hash.ts';
import { sessionLife, type SessionStoreOptions } from './session-life.ts';
import { claimScript, createScript, removeScript, saveScript, touchScript } from './session-scripts.ts';
import type {
  Claim,
  Claimant,
  NewSession,
  SessionChange,
  SessionHold,
  SessionStore,
} from './session-store.ts';
import { assertPid, assertWellFormed, isPid } from './session-text.ts';

// A node's sessions are touched all at once, and the core's queue is bounded.
const touchedAtOnce = 250;

/**
 * One hash for each session, one round trip for each call. Every write has a number, so that one which is run again, or
 * arrives late over a connection given up since, changes nothing that a later one wrote. A claim that is run again raises
 * the generation once. Only one that arrives after another's claim raises it once more: the client that the other serves
 * is then fenced, and returns again.
 */
class RedisSessionStore implements SessionStore {
  readonly maxDisconnectionMs: number;
  readonly touchEveryMs: number;
  readonly #core: RedisCore;
  readonly #lifeMs: string;
  #writes = 0;

  constructor(core: RedisCore, options: SessionStoreOptions) {
    const { lifeMs, touchEveryMs } = sessionLife(options);
    this.#core = core;
    this.#lifeMs = String(lifeMs);
    this.maxDisconnectionMs = options.maxDisconnectionMs;
    this.touchEveryMs = touchEveryMs;
  }

  async create(session: NewSession): Promise<void> {
    assertPid(session.pid);
    assertWellFormed([session.namespace, session.user, ...Object.keys(session.rooms)]);
    const args = [session.sid, this.#nextWrite(), this.#lifeMs, ...fieldsOf(session)];
    const created = await this.#run(createScript, session.pid, args);
    if (created === 0) throw redisError('redis_refused', { text: 'another session has this pid' });
  }

  async save(hold: SessionHold, change: SessionChange): Promise<boolean> {
    assertWellFormed(Object.keys(change.joined ?? {}));
    const left = roomFields(change.left ?? []);
    const outcome = await this.#run(saveScript, hold.pid, [
      String(hold.generation),
      this.#nextWrite(),
      this.#lifeMs,
      String(left.length),
      ...left,
      ...changedFieldsOf(change),
    ]);
    if (outcome === 'late') throw redisError('redis_refused', { text: 'a later save came first' });
    return outcome === 'saved';
  }

  async claim(pid: string, claimant: Claimant): Promise<Claim> {
    if (!isPid(pid)) return { kind: 'unknown' };
    const { namespace, user, owner } = claimant;
    assertWellFormed([namespace, user]);
    const reply = await this.#run(claimScript, pid, [namespace, user, owner, randomUUID(), this.#lifeMs]);
    if (reply === 'unknown' || reply === 'foreign') return { kind: reply };
    return { kind: 'claimed', ...parseSession(pid, reply as string[]) };
  }

  async touch(holds: readonly SessionHold[]): Promise<SessionHold[]> {
    const gone: SessionHold[] = [];
    for (let i = 0; i < holds.length; i += touchedAtOnce) {
      await Promise.all(
        holds.slice(i, i + touchedAtOnce).map(async (hold) => {
          const touched = await this.#run(touchScript, hold.pid, [String(hold.generation), this.#lifeMs]);
          if (touched === 0) gone.push(hold);
        }),
      );
    }
    return gone;
  }

  async remove(hold: SessionHold): Promise<void> {
    await this.#run(removeScript, hold.pid, [String(hold.generation)]);
  }

  #nextWrite(): string {
    this.#writes += 1;
    return String(this.#writes);
  }

  #run(script: Script, pid: string, args: readonly string[]): Promise<RedisReply> {
    return this.#core.commands.run(script, [this.#core.keyspace.key('session', pid)], args, {
      idempotent: true,
    });
  }
}

/**
 * A {@link SessionStore} in Redis. Throws `redis_config_invalid` where an option is not usable.
 *
 * Save a session again only once its last save has settled, and repeat in it what a rejected one said: that one may still
 * arrive, and then counts only if it is the latest. One that is overtaken rejects with `redis_refused`. Of a change, what
 * was left goes first, then what was joined comes.
 */
export function createSessionStore(core: RedisCore, options: SessionStoreOptions): SessionStore {
  return new RedisSessionStore(core, options);
}
