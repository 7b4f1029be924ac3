import type { Context } from '@opentelemetry/api';
import { atMost, backoffMs, type Clock } from '@sluice/kernel';
import { recorded, within } from '@sluice/telemetry';
import type { Position } from '../log/cluster-log.ts';
import type { LanesTracing } from './lanes-tracing.ts';
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
  readonly tracing: Pick<LanesTracing, 'writeSession'>;
  readonly onFault: (fault: { readonly operation: string; readonly cause: unknown }) => void;
}

interface Kept {
  readonly hold: SessionHold;
  /** Not written yet. */
  fresh: NewSession | undefined;
  // There are many sessions, and few of them have anything to be written.
  joined: Map<string, Position> | undefined;
  left: Set<string> | undefined;
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
  /** What has caused the next write, where that is recorded: the first of several. */
  cause: Context | undefined;
  ended: boolean;
}

type Change = Pick<Kept, 'joined' | 'left' | 'start'>;

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
    for (const [room, position] of Object.entries(rooms)) {
      kept.left?.delete(room);
      (kept.joined ??= new Map()).set(room, position);
    }
    return this.#write(sid, kept);
  }

  left(sid: string, room: string): Promise<void> {
    const kept = this.#kept.get(sid);
    if (kept === undefined) return Promise.resolve();
    kept.joined?.delete(room);
    (kept.left ??= new Set()).add(room);
    return this.#write(sid, kept);
  }

  /** Nothing before this position is for the client. Resolves once that is in the session; at once where there is none. */
  startAt(sid: string, start: Position): Promise<void> {
    const kept = this.#kept.get(sid);
    if (kept === undefined) return Promise.resolve();
    kept.start = start;
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
    await atMost(deadlineMs, Promise.all(this.#writes), this.#options.clock);
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
    kept.cause ??= recorded();
    if (kept.writing === undefined) {
      // Everything that changes in this tick goes together.
      kept.writing = Promise.resolve().then(() => {
        const { cause } = kept;
        kept.cause = undefined;
        return this.#options.tracing.writeSession(cause, () => this.#flush(sid, kept));
      });
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
    const held = recorded();
    for (let attempt = 0; !kept.ended; attempt += 1) {
      const { fresh } = kept;
      const data = kept.final ?? this.#options.dataOf(sid) ?? kept.data;
      let change: Change | undefined;
      try {
        if (fresh !== undefined) {
          await within(held, () => this.#store.create({ ...fresh, data }));
          kept.fresh = undefined;
        }
        change = { joined: kept.joined, left: kept.left, start: kept.start };
        kept.joined = undefined;
        kept.left = undefined;
        const saving = change;
        if (!(await within(held, () => this.#save(kept, saving, data)))) this.#fenced(sid, kept);
        kept.data = data;
        if (kept.start === change.start) kept.start = undefined;
        kept.writing = undefined;
        return;
      } catch (cause) {
        if (change !== undefined) takeBack(kept, change);
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

  /** Returns false where the session is somebody else's. */
  async #save(kept: Kept, { joined, left, start }: Change, data: string): Promise<boolean> {
    const change: SessionChange = {
      ...(joined !== undefined && { joined: Object.fromEntries(joined) }),
      ...(left !== undefined && { left: [...left] }),
      ...(data !== kept.data && { data }),
      ...(start !== undefined && { start }),
    };
    return Object.keys(change).length === 0 || (await this.#store.save(kept.hold, change));
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

/** What could not be written goes with the next attempt, unless it has been changed again. */
function takeBack(kept: Kept, { joined, left }: Change): void {
  for (const [room, position] of joined ?? []) {
    if (kept.left?.has(room) === true || kept.joined?.has(room) === true) continue;
    (kept.joined ??= new Map()).set(room, position);
  }
  for (const room of left ?? []) if (kept.joined?.has(room) !== true) (kept.left ??= new Set()).add(room);
}

function newKept(hold: SessionHold, data: string): Kept {
  return {
    hold,
    fresh: undefined,
    joined: undefined,
    left: undefined,
    data,
    given: undefined,
    start: undefined,
    final: undefined,
    writing: undefined,
    next: undefined,
    cause: undefined,
    ended: false,
  };
}
