import type { Clock } from '@sluice/kernel';
import type { Message, MessageSent, SessionReady, TypingChanged } from '@sluice/protocol';
import type { Answer, Failure, Wire, WireListener } from '../connection/wire.ts';
import { Outbox } from '../outbox/outbox.ts';
import type { OutboxEntry } from '../outbox/outbox-entry.ts';
import type { RememberedRooms } from '../rooms/room-memory.ts';
import type { ReadableStore } from '../state/value-store.ts';
import { writtenWhile, type JsonShelf } from '../storage/json-shelf.ts';
import type { HistoryRun } from '../timeline/timeline.ts';
import type { Tracing } from '../trace/tracing.ts';
import { TypingAnnouncer } from '../typing/typing-announcer.ts';
import { TypingRoster } from '../typing/typing-roster.ts';
import type { ChatState } from './chat-state.ts';
import { RoomBook } from './room-book.ts';
import { RoomSync } from './room-sync.ts';

export interface ChatDependencies {
  readonly user: string;
  readonly wire: Wire;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly newClientId: () => string;
  readonly tracing: Tracing;
  readonly roomShelf: JsonShelf<RememberedRooms>;
  readonly outboxShelf: JsonShelf<readonly OutboxEntry[]>;
}

const olderPage = 50;

/** One user's chat: keeps rooms joined, timelines whole and written messages on their way. Draws nothing. */
export class Chat implements WireListener {
  readonly #user: string;
  readonly #wire: Wire;
  readonly #tracing: Tracing;
  readonly #book: RoomBook;
  readonly #outbox: Outbox;
  readonly #roster: TypingRoster;
  readonly #announcer: TypingAnnouncer;
  readonly #sync: RoomSync;
  readonly #leaving = new Map<string, Promise<unknown>>();
  /** Rooms asked for on this page and not joined yet. */
  readonly #asked = new Set<string>();
  #connected = false;
  #stopped = false;
  #filled = 0;

  constructor(dependencies: ChatDependencies) {
    const { user, wire, clock, random, newClientId, tracing, roomShelf, outboxShelf } = dependencies;
    const isRunning = (): boolean => !this.#stopped;
    this.#user = user;
    this.#wire = wire;
    this.#tracing = tracing;
    this.#book = new RoomBook(user, writtenWhile(roomShelf, isRunning));
    this.#roster = new TypingRoster(clock);
    this.#announcer = new TypingAnnouncer(clock, (payload) => wire.setTyping(payload));
    this.#outbox = new Outbox({
      clock,
      random,
      newClientId,
      shelf: writtenWhile(outboxShelf, isRunning),
      send: async (entry) => this.#send(entry),
      onSent: ({ room, text, clientId }, { id, sentAt }) =>
        this.#book.take({ id, sentAt, room, text, clientId, user }),
    });
    this.#sync = new RoomSync({
      wire,
      clock,
      random,
      isWanted: (room) => this.#book.find(room) !== undefined,
      anchorOf: (room) => {
        const gap = this.#book.find(room)?.timeline.gap;
        return gap?.kind === 'after' ? gap.anchor : undefined;
      },
      onSynced: (room, run) => this.#synced(room, run),
      onRefused: (room, error) => this.#refused(room, error),
    });
  }

  get state(): ReadableStore<ChatState> {
    return this.#book.state;
  }

  get outbox(): Outbox {
    return this.#outbox;
  }

  get typists(): TypingRoster['typists'] {
    return this.#roster.typists;
  }

  /** For good, once its wire is stopped: the shelves may belong to another chat of the same user from now on. */
  stop(): void {
    this.#stopped = true;
  }

  /** Opens the room, joining it first where that is needed. */
  join(room: string): void {
    if (this.#book.find(room) === undefined) {
      this.#asked.add(room);
      this.#book.add(room);
      if (this.#connected) void this.#joinAfterLeaving(room);
    }
    this.open(room);
  }

  leave(room: string): void {
    if (this.#book.state.get().openRoom === room) this.#announcer.ended();
    this.#book.remove(room);
    this.#outbox.discardRoom(room);
    this.#leaveQuietly(room);
  }

  open(room: string | undefined): void {
    this.#announcer.ended();
    this.#book.open(room);
  }

  markRead(room: string): void {
    this.#book.markRead(room);
  }

  send(room: string, text: string): void {
    this.#announcer.ended();
    this.#outbox.add(room, text);
  }

  /** The text in the composer of `room` changed. */
  wrote(room: string, text: string): void {
    if (text === '') this.#announcer.ended();
    else this.#announcer.typed(room);
  }

  /** Brings in the page before the first message held; one at a time. */
  async loadOlder(name: string): Promise<void> {
    const room = this.#book.find(name);
    const first = room?.timeline.messages[0];
    if (room === undefined || first === undefined || !room.timeline.more || room.older === 'loading') return;
    this.#book.change(name, (state) => ({ ...state, older: 'loading' }));
    const page = await this.#wire.request('history:read', {
      room: name,
      before: first.id,
      limit: olderPage,
    });
    const unchanged = this.#book.find(name)?.timeline.messages[0]?.id === first.id;
    // Where the gap was filled in the meantime, the page may no longer adjoin; the next scroll asks again.
    if (page.ok && unchanged) this.#book.prepend(name, page);
    this.#book.change(name, (state) => ({ ...state, older: page.ok ? 'idle' : 'failed' }));
  }

  sessionReady({ recovered }: SessionReady): void {
    this.#connected = true;
    this.#filled = 0;
    this.#sync.begin();
    this.#book.state.update((state) => ({ ...state, catchUp: { kind: 'running' } }));
    void this.#sync.syncAll(this.#book.names()).then((complete) => {
      if (!complete) return;
      const filled = this.#filled;
      this.#book.state.update((state) => ({ ...state, catchUp: { kind: 'done', recovered, filled } }));
    });
  }

  sessionLost(): void {
    this.#connected = false;
    this.#sync.end();
    this.#outbox.closeAll();
    this.#roster.clear();
    this.#book.disconnect();
  }

  messageHeard(message: Message): void {
    this.#tracing.hearing(message.traceparent, () => this.#take(message));
  }

  typingChanged(change: TypingChanged): void {
    if (change.user !== this.#user) this.#roster.heard(change);
  }

  #take(message: Message): void {
    this.#roster.stopped(message.room, message.user);
    if (message.user === this.#user) this.#outbox.settle([message]);
    if (this.#book.find(message.room) === undefined) this.#leaveQuietly(message.room);
    else this.#book.take(message);
  }

  async #send({ room, text, clientId, handedOver }: OutboxEntry): Promise<Answer<MessageSent>> {
    const { fields, answered } = this.#tracing.sending(handedOver);
    const answer = await this.#wire.request('message:send', { room, text, clientId, ...fields });
    answered(answer);
    if (answer.ok || answer.error.code !== 'not_joined' || this.#book.find(room) === undefined) return answer;
    // The gateway lost the room and not the connection: what it did not deliver meanwhile is missing here too.
    this.#book.openGap(room);
    await this.#sync.sync(room);
    return { ok: false, error: { ...answer.error, retryable: true } };
  }

  #synced(room: string, run: HistoryRun): void {
    this.#asked.delete(room);
    this.#filled += this.#book.fill(room, run);
    this.#outbox.settle(run.messages.filter((message) => message.user === this.#user));
    this.#outbox.openRoom(room);
  }

  #refused(room: string, { message }: Failure): void {
    if (this.#asked.delete(room)) {
      this.#book.remove(room);
      this.#book.state.update((state) => ({ ...state, joinProblem: message }));
    } else {
      this.#book.change(room, (state) => ({ ...state, phase: { kind: 'refused', reason: message } }));
    }
  }

  async #joinAfterLeaving(room: string): Promise<void> {
    await this.#leaving.get(room);
    await this.#sync.sync(room);
  }

  /** A recovered session, or one whose leave was lost, may still be in a room that the user has left. */
  #leaveQuietly(room: string): void {
    if (!this.#connected || this.#leaving.has(room)) return;
    const left = this.#wire.request('room:leave', { room }).then(() => this.#leaving.delete(room));
    this.#leaving.set(room, left);
  }
}
