import type { ConnectRefusal, HistoryPage, Message, Reply, SessionReady } from '@sluice/protocol';
import { beginning } from '../check/compare-ids.ts';
import type { ReconnectionOptions } from '../client/backoff.ts';
import { io } from '../client/io.ts';
import type { ConnectError, DisconnectReason, Socket } from '../client/socket.ts';
import { complain } from '../complain.ts';
import { counters, trends } from '../metrics.ts';
import { target } from '../settings.ts';
import { MemberError } from './errors.ts';
import { Gate } from './gate.ts';
import { Membership } from './membership.ts';
import { pause } from './time.ts';
import { tokenFor } from './token.ts';

export interface MemberOptions {
  /** The user, and how others know who speaks: nobody else in the run may have it. */
  readonly name: string;
  /** Whose token it brings: from 1 on, as members are numbered. */
  readonly id: number;
  /** Where it connects. Default: the cluster. */
  readonly address?: string;
  /** Tags for what is measured of it, by the time at which it began, in milliseconds since the epoch. Default: none. */
  readonly tagsAt?: (timeMs: number) => Readonly<Record<string, string>>;
  /** More to say in the handshake, such as `{ recovery: 'off' }`. */
  readonly auth?: object;
  /** Default: as socket.io-client. */
  readonly reconnection?: ReconnectionOptions;
  /** How long a request may take with all its attempts, a lost connection's return included. Default 30,000. */
  readonly deadlineMs?: number;
  /**
   * Whether what was heard is compared with the room's history, which every member reads for itself, 100 messages at a time.
   * Default true. Without, senders' numbers and the newest message have to do, as in rooms of thousands.
   */
  readonly comparesHistory?: boolean;
}

const ackWithinMs = 10_000;
const retryMs = 250;
/** In which what others said last is heard, before this VU is busy with the histories. */
const lastWordsMs = 1_000;

/**
 * A user of the chat with one connection, as an application would write one: it comes back when its connection is lost, joins
 * its rooms again where its session was not recovered, sends again under the same `clientId` what was not answered. It measures
 * and counts all of it ({@link counters}), and checks what it hears. What it cannot mend makes its promises reject.
 */
export class Member {
  readonly name: string;
  /** What the names of its messages begin with: `clientId`s of a user are remembered, those of an earlier run too. */
  readonly nonce = Math.random().toString(36).slice(2, 10);
  readonly deadlineMs: number;
  readonly comparesHistory: boolean;
  readonly tagsAt: (timeMs: number) => Readonly<Record<string, string>>;
  readonly #socket: Socket;
  readonly #memberships = new Map<string, Membership>();
  /** How many texts it has said in each room that it ever was in. */
  readonly #said = new Map<string, number>();
  /** Open while it is connected and in all its rooms. */
  readonly #here: Gate;
  readonly #connectingSince = Date.now();
  /** When its connection was lost; undefined once it is back in its rooms. */
  #lostAt: number | undefined;
  /** For good. */
  #hasLeft = false;
  /** True until the server has said whether the session is recovered: what comes before that is a replay. */
  #isReplaying = false;

  /** Begins to connect. */
  constructor(options: MemberOptions, token: string) {
    this.name = options.name;
    this.deadlineMs = options.deadlineMs ?? 30_000;
    this.comparesHistory = options.comparesHistory ?? true;
    this.tagsAt = options.tagsAt ?? (() => ({}));
    this.#here = new Gate(`${options.name} is connected and in its rooms`);
    this.#socket = io(options.address ?? target, {
      auth: { ...options.auth, token },
      ...(options.reconnection === undefined ? {} : { reconnection: options.reconnection }),
      onFault: (error) => this.#fault(error),
    });
    this.#socket
      .on('session:ready', (session: SessionReady) => this.#ready(session))
      .on('message:new', (message: Message) => this.#hear(message))
      .on('sluice:gap', (gap: { rooms: readonly string[]; from: string; to: string }) => this.#gap(gap))
      .on('disconnect', (reason: DisconnectReason) => this.#disconnected(reason))
      .on('connect_error', (error: ConnectError) => this.#notConnected(error));
  }

  /** Resolves when it is connected and in all its rooms. Rejects where that fails for good, or takes too long. */
  ready(): Promise<void> {
    return this.#here.pass(Date.now() + this.deadlineMs);
  }

  /** Resolves once everything said in `room` from then on will be heard, and checked. */
  async join(room: string): Promise<void> {
    const membership = new Membership(this, room);
    this.#memberships.set(room, membership);
    await this.request('room:join', { room });
    const answeredAt = Date.now();
    membership.joined(await this.newestId(room), answeredAt);
    counters.sluice_joined.add(1);
  }

  /** Checks what it heard in `room`, and leaves. */
  async leave(room: string): Promise<void> {
    await this.membership(room).conclude();
    await this.request('room:leave', { room });
    this.#memberships.delete(room);
  }

  /** Says the next numbered text in `room`, of at least `length` characters; resolves when it is acknowledged. One at a time. */
  async say(room: string, length?: number): Promise<void> {
    await this.membership(room).say(length);
  }

  /** Of a room that it has joined. */
  membership(room: string): Membership {
    const membership = this.#memberships.get(room);
    if (membership === undefined) throw new MemberError('left', `${this.name} is not in ${room}`);
    return membership;
  }

  /** The number of the next text it says in `room`, each time another one. */
  nextNumber(room: string): number {
    const number = (this.#said.get(room) ?? 0) + 1;
    this.#said.set(room, number);
    return number;
  }

  /** Loses its connection without a goodbye, and comes back as its options say. */
  cut(): void {
    this.#socket.io.cut();
  }

  /** Checks what it heard in all its rooms, then says goodbye. */
  async finish(): Promise<void> {
    await pause(lastWordsMs);
    await Promise.all([...this.#memberships.values()].map((membership) => membership.conclude()));
    this.close();
  }

  /** Says goodbye; what it waits for is not to be had any more. */
  close(): void {
    this.#hasLeft = true;
    this.#here.wall(new MemberError('left', this.name));
    this.#socket.disconnect();
  }

  /**
   * Sends a request of the protocol until it is answered, for which it waits until the member is connected. Every request may
   * be repeated: they are all idempotent, `message:send` by its `clientId`. Rejects with `refused` or `not_in_time`.
   */
  async request<Answer extends object>(event: string, payload: object): Promise<Answer> {
    const deadline = Date.now() + this.deadlineMs;
    for (;;) {
      await this.#here.pass(deadline);
      const answer = await this.#ask<Answer>(event, payload);
      if (answer !== undefined) return answer;
      if (Date.now() >= deadline) throw new MemberError('not_in_time', `${this.name}: ${event}`);
      await pause(retryMs);
    }
  }

  /** The id of the newest message in the history of `room`. */
  async newestId(room: string): Promise<string> {
    return newestOf(await this.request<HistoryPage>('history:read', { room, limit: 1 }));
  }

  /** One attempt; undefined where another one may do. */
  async #ask<Answer extends object>(event: string, payload: object): Promise<Answer | undefined> {
    // Sent later, it would come before its room is joined again.
    if (!this.#socket.connected) return undefined;
    let reply: Reply<Answer>;
    try {
      reply = (await this.#socket.timeout(ackWithinMs).emitWithAck(event, payload)) as Reply<Answer>;
    } catch {
      // Not answered in time, or the connection was lost.
      return undefined;
    }
    if (reply.ok) return reply;
    const { code, retryable } = reply.error;
    counters.sluice_refused.add(1, { code });
    if (retryable) return undefined;
    throw new MemberError('refused', `${this.name}: ${event}: ${code}`);
  }

  #ready({ recovered, reason }: SessionReady): void {
    this.#isReplaying = false;
    counters.sluice_connected.add(1);
    if (this.#lostAt === undefined) {
      const since = this.#connectingSince;
      trends.sluice_connect_ms.add(Date.now() - since, this.tagsAt(since));
      this.#here.open();
      return;
    }
    for (const membership of this.#memberships.values()) membership.returned(recovered);
    if (recovered) {
      counters.sluice_recovered.add(1);
      this.#back(this.#lostAt);
      return;
    }
    counters.sluice_fresh.add(1, { reason: reason ?? 'unsaid' });
    this.#rejoin(this.#socket.id, this.#lostAt).catch((error: unknown) => this.#giveUp(error as Error));
  }

  /** Joins all rooms again, unless the connection `id` ends before: then the next one does. */
  async #rejoin(id: string | undefined, lostAt: number): Promise<void> {
    const insist = async <Answer extends object>(
      event: string,
      payload: object,
    ): Promise<Answer | undefined> => {
      while (this.#socket.id === id) {
        const answer = await this.#ask<Answer>(event, payload);
        if (answer !== undefined) return answer;
        await pause(retryMs);
      }
      return undefined;
    };
    for (const membership of this.#memberships.values()) {
      const { room } = membership;
      await insist('room:join', { room });
      const answeredAt = Date.now();
      const newest = await insist<HistoryPage>('history:read', { room, limit: 1 });
      if (newest === undefined) return;
      membership.joined(newestOf(newest), answeredAt);
    }
    if (this.#socket.id === id) this.#back(lostAt);
  }

  #back(lostAt: number): void {
    trends.sluice_return_ms.add(Date.now() - lostAt);
    this.#lostAt = undefined;
    this.#here.open();
  }

  #hear(message: Message): void {
    const isReplayed = this.#isReplaying;
    counters.sluice_heard.add(1);
    if (isReplayed) counters.sluice_replayed.add(1);
    const membership = this.#memberships.get(message.room);
    if (membership !== undefined) membership.hear(message, isReplayed);
    else this.#stray(message);
  }

  #stray({ room, id }: Message): void {
    counters.sluice_stray.add(1);
    complain(`stray: ${this.name} heard ${id} of ${room}, which it is not in`);
  }

  #gap({ rooms, from, to }: { rooms: readonly string[]; from: string; to: string }): void {
    counters.sluice_gaps.add(1);
    // As Socket.IO names them.
    for (const name of rooms) this.#memberships.get(name.replace(/^room:/, ''))?.gap(from, to);
  }

  #disconnected(reason: DisconnectReason): void {
    this.#here.close();
    counters.sluice_disconnected.add(1);
    this.#isReplaying = true;
    if (reason === 'io client disconnect') return;
    this.#lostAt ??= Date.now();
    for (const membership of this.#memberships.values()) membership.cut();
    if (reason === 'io server disconnect') this.#giveUp(new MemberError('put_out', this.name));
  }

  #notConnected({ message, data, isRefusal }: ConnectError): void {
    if (!isRefusal) {
      // The client tries again by itself.
      counters.sluice_unanswered.add(1);
      return;
    }
    const { code = 'unknown', retryable = false } = (data ?? {}) as Partial<ConnectRefusal>;
    counters.sluice_refused.add(1, { code });
    if (retryable) void this.#tryAgain();
    else this.#giveUp(new MemberError('refused', `${this.name}: ${code}: ${message}`));
  }

  async #tryAgain(): Promise<void> {
    await pause(retryMs + 1_000 * Math.random());
    if (!this.#hasLeft) this.#socket.connect();
  }

  #giveUp(error: Error): void {
    this.#hasLeft = true;
    this.#here.wall(error);
    this.#socket.disconnect();
  }

  #fault(error: unknown): void {
    counters.sluice_failed.add(1);
    complain(this.name, error);
  }
}

function newestOf({ messages }: HistoryPage): string {
  return messages.at(-1)?.id ?? beginning;
}

/** Resolves when the member is connected. */
export async function connectMember(options: MemberOptions): Promise<Member> {
  const member = new Member(options, await tokenFor(options));
  try {
    await member.ready();
    return member;
  } catch (error) {
    member.close();
    throw error;
  }
}
