import { backoffMs, type Clock } from '@sluice/kernel';
import type { Position } from '../log/cluster-log.ts';
import type { NewSession, SessionChange, SessionHold, SessionStore } from '@sluice/session-store';

export interface KeeperOptions {
  readonly clock: Clock;
  /** The application's data of a connected socket, as JSON text. */
  readonly dataOf: (sid: string) => string | undefined;
  /** Everything up to here has been written to the socket; undefined where it is behind. */
  readonly givenTo: (sid: string) => Position | undefined;
  /** After this a connection that lives has answered a heartbeat sent later than what was written before. */
  readonly heartbeatMs: number;
  /** A newer socket has taken over the session of this one. */
  readonly onFenced: (sid: string) => void;
  readonly onFault: (fault: { readonly operation: string; readonly cause: unknown }) => void;
}

interface Kept {
  readonly hold: SessionHold;
  /** Not written yet. */
  fresh: NewSession | undefined;
  joined: Record<string, string>;
  left: Set<string>;
  data: string;
  /** What was written to it when, and has arrived once a heartbeat has come back. */
  given: { readonly position: Position; readonly at: number } | undefined;
  /** What has arrived, and is not written yet. */
  start: Position | undefined;
  /** The application's data when its socket went away. */
  final: string | undefined;
  /** The write under way, and the one that will follow it. */
  writing: Promise<void> | undefined;
  next: Promise<void> | undefined;
  ended: boolean;
}

const retry = { baseMs: 100, capMs: 2_000 };
const touchAtOnce = 500;
const lastWordsTries = 5;

/** Keeps the sessions of this node's sockets written: ahead of need, so that a crash loses none. */
export class SessionKeeper {
  readonly #store: SessionStore;
  readonly #options: KeeperOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #writes = new Set<Promise<void>>();
  #cancelTouch: (() => void) | undefined;
  #closed = false;

  constructor(store: SessionStore, options: KeeperOptions) {
    this.#store = store;
    this.#options = options;
    this.#touchLater();
  }

  get sessions(): number {
    return this.#kept.size;
  }

  /** Resolves once it is written. */
  open(session: NewSession): Promise<void> {
    const kept = newKept({ pid: session.pid, generation: 1 }, session.data);
    kept.fresh = session;
    this.#kept.set(session.sid, kept);
    return this.#write(session.sid, kept);
  }

  /** A session that has been claimed for `sid`. */
  adopt(sid: string, hold: SessionHold, data: string): void {
    this.#kept.set(sid, newKept(hold, data));
  }

  /** Resolves once the rooms are in the session; at once for a socket that has none. */
  joined(sid: string, rooms: Readonly<Record<string, string>>): Promise<void> {
    const kept = this.#kept.get(sid);
    if (kept === undefined) return Promise.resolve();
    for (const room of Object.keys(rooms)) kept.left.delete(room);
    kept.joined = Object.assign(Object.create(null) as object, kept.joined, rooms) as Record<string, string>;
    return this.#write(sid, kept);
  }

  left(sid: string, room: string): Promise<void> {
    const kept = this.#kept.get(sid);
    if (kept === undefined) return Promise.resolve();
    delete kept.joined[room];
    kept.left.add(room);
    return this.#write(sid, kept);
  }

  /** The socket has gone and may come back. */
  leave(sid: string): void {
    const kept = this.#kept.get(sid);
    if (kept === undefined) return;
    kept.final = this.#options.dataOf(sid) ?? kept.data;
    void this.#write(sid, kept);
    this.#kept.delete(sid);
  }

  /** The socket has gone for good. */
  forget(sid: string): void {
    const kept = this.#end(sid);
    if (kept === undefined) return;
    this.#track(
      (kept.writing ?? Promise.resolve())
        .then(() => this.#store.remove(kept.hold))
        .catch((cause: unknown) => this.#options.onFault({ operation: 'end session', cause })),
    );
  }

  /** The session is somebody else's now, where its generation is beyond this socket's. Returns whether it was. */
  fence(sid: string, generation: number): boolean {
    const kept = this.#kept.get(sid);
    if (kept === undefined || kept.hold.generation >= generation) return false;
    this.#end(sid);
    return true;
  }

  /** Resolves when nothing is left to write, or after `deadlineMs`. */
  async close(deadlineMs: number): Promise<void> {
    this.#closed = true;
    this.#cancelTouch?.();
    let cancel: (() => void) | undefined;
    const overdue = new Promise<void>((resolve) => {
      cancel = this.#options.clock.schedule(deadlineMs, resolve);
    });
    await Promise.race([Promise.all(this.#writes), overdue]);
    cancel?.();
    for (const kept of this.#kept.values()) kept.ended = true;
  }

  #end(sid: string): Kept | undefined {
    const kept = this.#kept.get(sid);
    if (kept === undefined) return undefined;
    kept.ended = true;
    this.#kept.delete(sid);
    return kept;
  }

  /** Writes what has changed; what changes during a write goes with the next. */
  #write(sid: string, kept: Kept): Promise<void> {
    if (kept.writing === undefined) {
      // Everything that changes in this tick goes together.
      kept.writing = Promise.resolve().then(() => this.#flush(sid, kept));
      this.#track(kept.writing);
      return kept.writing;
    }
    kept.next ??= kept.writing.then(() => {
      kept.next = undefined;
      return this.#write(sid, kept);
    });
    return kept.next;
  }

  #track(work: Promise<void>): void {
    this.#writes.add(work);
    void work.finally(() => this.#writes.delete(work));
  }

  /** Never rejects. Tries until it is written, the session is somebody else's or the socket gone for good. */
  async #flush(sid: string, kept: Kept): Promise<void> {
    for (let attempt = 0; !kept.ended; attempt += 1) {
      const { fresh, joined, left, start } = kept;
      const data = kept.final ?? this.#options.dataOf(sid) ?? kept.data;
      try {
        if (fresh !== undefined) {
          await this.#store.create({ ...fresh, data });
          kept.fresh = undefined;
        }
        kept.joined = Object.create(null) as Record<string, string>;
        kept.left = new Set();
        const change: SessionChange = {
          ...(Object.keys(joined).length > 0 && { joined }),
          ...(left.size > 0 && { left: [...left] }),
          ...(data !== kept.data && { data }),
          ...(start !== undefined && { start }),
        };
        if (Object.keys(change).length > 0 && !(await this.#store.save(kept.hold, change)))
          this.#fenced(sid, kept);
        kept.data = data;
        if (kept.start === start) kept.start = undefined;
        kept.writing = undefined;
        return;
      } catch (cause) {
        // What could not be written goes with the next attempt, unless it has been changed again.
        kept.joined = Object.assign(Object.create(null) as object, joined, kept.joined) as Record<
          string,
          string
        >;
        for (const room of left) if (!(room in kept.joined)) kept.left.add(room);
        for (const room of kept.left) delete kept.joined[room];
        this.#options.onFault({ operation: 'write session', cause });
        // Nobody waits for the last words of a socket that has gone.
        if (kept.final !== undefined && attempt === lastWordsTries) break;
        await new Promise<void>((resolve) => {
          this.#options.clock.schedule(backoffMs(attempt, retry), resolve);
        });
      }
    }
    kept.writing = undefined;
  }

  #fenced(sid: string, kept: Kept): void {
    if (kept.ended) return;
    kept.ended = true;
    if (this.#kept.get(sid) !== kept) return;
    this.#kept.delete(sid);
    this.#options.onFenced(sid);
  }

  #touchLater(): void {
    if (this.#closed) return;
    this.#cancelTouch = this.#options.clock.schedule(this.#store.touchEveryMs, () => {
      this.#touch().then(
        () => this.#touchLater(),
        (cause: unknown) => {
          this.#options.onFault({ operation: 'touch sessions', cause });
          this.#touchLater();
        },
      );
    });
  }

  async #touch(): Promise<void> {
    const all = [...this.#kept].filter(([, { fresh, ended }]) => fresh === undefined && !ended);
    for (let from = 0; from < all.length; from += touchAtOnce) {
      const some = all.slice(from, from + touchAtOnce);
      const gone = new Set((await this.#store.touch(some.map(([, { hold }]) => hold))).map(({ pid }) => pid));
      for (const [sid, kept] of some) {
        if (gone.has(kept.hold.pid)) this.#fenced(sid, kept);
        else if (this.#hasNews(sid, kept)) void this.#write(sid, kept);
      }
    }
  }

  /** Looks at what nobody tells: data that was changed in place, and how much has surely arrived. */
  #hasNews(sid: string, kept: Kept): boolean {
    const { clock, dataOf, givenTo, heartbeatMs } = this.#options;
    const now = clock.now();
    if (kept.given !== undefined && now - kept.given.at > heartbeatMs) {
      kept.start = kept.given.position;
      kept.given = undefined;
    }
    const position = givenTo(sid);
    if (position !== undefined) kept.given ??= { position, at: now };
    return kept.start !== undefined || (dataOf(sid) ?? kept.data) !== kept.data;
  }
}

function newKept(hold: SessionHold, data: string): Kept {
  return {
    hold,
    fresh: undefined,
    joined: Object.create(null) as Record<string, string>,
    left: new Set(),
    data,
    given: undefined,
    start: undefined,
    final: undefined,
    writing: undefined,
    next: undefined,
    ended: false,
  };
}
