import { systemClock, type Clock } from '@sluice/kernel';
import { redisError } from '@sluice/redis-core';
import { roomRecord } from './session-hash.ts';
import { sessionLife, type SessionStoreOptions } from './session-life.ts';
import type {
  Claim,
  Claimant,
  NewSession,
  Session,
  SessionChange,
  SessionHold,
  SessionStore,
} from './session-store.ts';
import { assertPid, assertWellFormed, isPid } from './session-text.ts';

interface Stored {
  session: Omit<Session, 'rooms' | 'owner' | 'data' | 'generation'>;
  readonly rooms: Map<string, string>;
  owner: string;
  data: string;
  generation: number;
  expiresAt: number;
}

class MemorySessionStore implements SessionStore {
  readonly maxDisconnectionMs: number;
  readonly touchEveryMs: number;
  readonly #lifeMs: number;
  readonly #clock: Clock;
  /** In the order in which they expire: all live equally long, and each write moves its session to the end. */
  readonly #sessions = new Map<string, Stored>();

  constructor(options: SessionStoreOptions, clock: Clock) {
    const { lifeMs, touchEveryMs } = sessionLife(options);
    this.#lifeMs = lifeMs;
    this.#clock = clock;
    this.maxDisconnectionMs = options.maxDisconnectionMs;
    this.touchEveryMs = touchEveryMs;
  }

  async create(created: NewSession): Promise<void> {
    const { rooms, owner, data, ...session } = created;
    assertPid(session.pid);
    assertWellFormed([session.namespace, session.user, ...Object.keys(rooms)]);
    const known = this.#find(session.pid);
    if (known !== undefined && known.session.sid !== session.sid) {
      throw redisError('redis_refused', { text: 'another session has this pid' });
    }
    if (known !== undefined && known.generation > 1) return;
    this.#extend({
      session,
      rooms: new Map(Object.entries(rooms)),
      owner,
      data,
      generation: 1,
      expiresAt: 0,
    });
  }

  async save(hold: SessionHold, change: SessionChange): Promise<boolean> {
    assertWellFormed(Object.keys(change.joined ?? {}));
    const stored = this.#held(hold);
    if (stored === undefined) return false;
    for (const room of change.left ?? []) stored.rooms.delete(room);
    for (const [room, position] of Object.entries(change.joined ?? {})) stored.rooms.set(room, position);
    stored.data = change.data ?? stored.data;
    if (change.start !== undefined) stored.session = { ...stored.session, start: change.start };
    this.#extend(stored);
    return true;
  }

  async claim(pid: string, { namespace, user, owner }: Claimant): Promise<Claim> {
    if (!isPid(pid)) return { kind: 'unknown' };
    assertWellFormed([namespace, user]);
    const stored = this.#find(pid);
    if (stored === undefined) return { kind: 'unknown' };
    if (stored.session.namespace !== namespace || stored.session.user !== user) return { kind: 'foreign' };
    const previousOwner = stored.owner;
    stored.owner = owner;
    stored.generation += 1;
    this.#extend(stored);
    const { data, generation } = stored;
    const session = { ...stored.session, rooms: roomRecord(stored.rooms), owner, data, generation };
    return { kind: 'claimed', session, previousOwner };
  }

  async touch(holds: readonly SessionHold[]): Promise<SessionHold[]> {
    return holds.filter((hold) => {
      const stored = this.#held(hold);
      if (stored !== undefined) this.#extend(stored);
      return stored === undefined;
    });
  }

  async remove(hold: SessionHold): Promise<void> {
    if (this.#held(hold) !== undefined) this.#sessions.delete(hold.pid);
  }

  #held({ pid, generation }: SessionHold): Stored | undefined {
    const stored = this.#find(pid);
    return stored?.generation === generation ? stored : undefined;
  }

  #find(pid: string): Stored | undefined {
    for (const [expired, { expiresAt }] of this.#sessions) {
      if (expiresAt > this.#clock.now()) break;
      this.#sessions.delete(expired);
    }
    return this.#sessions.get(pid);
  }

  #extend(stored: Stored): void {
    stored.expiresAt = this.#clock.now() + this.#lifeMs;
    this.#sessions.delete(stored.session.pid);
    this.#sessions.set(stored.session.pid, stored);
  }
}

/**
 * A {@link SessionStore} of this process alone, for tests and a single node without Redis. Throws `redis_config_invalid`
 * where an option is not usable.
 */
export function createMemorySessionStore(options: SessionStoreOptions, clock = systemClock): SessionStore {
  return new MemorySessionStore(options, clock);
}
