import { randomUUID } from 'node:crypto';
import type {
  ClientToServerEvents,
  ConnectRefusal,
  HistoryPage,
  Message,
  MessageSent,
  Reply,
  ServerToClientEvents,
  SessionReady,
} from '@sluice/protocol';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { testkitError } from './errors.ts';
import { within, type WaitOptions } from './eventually.ts';
import { Journal } from './journal.ts';
import type { Scope } from './scope.ts';
import { secretNet } from './secret-net.ts';
import type { TokenIssuer } from './token.ts';

/** The events that are answered through an acknowledgement, and what a success carries. */
export interface Answers {
  'room:join': object;
  'room:leave': object;
  'message:send': MessageSent;
  'history:read': HistoryPage;
}
export type RequestEvent = keyof Answers;
export type PayloadOf<Event extends RequestEvent> = Parameters<ClientToServerEvents[Event]>[0];

/** What a client lived through, in order. */
export type Incident =
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected'; readonly reason: string }
  | { readonly kind: 'event'; readonly event: string; readonly payload: unknown };

export interface ConnectOptions {
  /** Whose token to present, where neither `token` nor `auth` says otherwise. */
  readonly user?: string;
  readonly token?: string;
  /** Presented as it is. */
  readonly auth?: Record<string, unknown>;
  /** Default: WebSocket alone, no reconnection. */
  readonly socket?: Partial<ManagerOptions & SocketOptions>;
}

/** Where to connect, and who issues tokens there. A gateway is one. */
export interface Target {
  readonly url: string;
  readonly issuer: TokenIssuer;
}

type TypedSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

/** A stock socket.io-client with its memory. */
export class Client {
  readonly user: string;
  readonly socket: TypedSocket;
  readonly journal = new Journal<Incident>();

  readonly #issuer: TokenIssuer;

  constructor(user: string, socket: TypedSocket, issuer: TokenIssuer) {
    this.user = user;
    this.#issuer = issuer;
    this.socket = socket;
    socket.on('connect', () => this.journal.add({ kind: 'connected' }));
    socket.on('disconnect', (reason) => this.journal.add({ kind: 'disconnected', reason }));
    // A connection with recovery on carries the offset as one more argument: the payload is the first.
    socket.onAny((event: string, payload: unknown) => this.journal.add({ kind: 'event', event, payload }));
  }

  /** Sends a request and resolves to its acknowledgement, whatever that says. */
  async request<Event extends RequestEvent>(
    event: Event,
    payload: PayloadOf<Event>,
    timeoutMs = 40_000,
  ): Promise<Reply<Answers[Event]>> {
    if ('text' in payload && typeof payload.text === 'string') secretNet.note('text', payload.text);
    return (await this.requestRaw(event, [payload], timeoutMs)) as Reply<Answers[Event]>;
  }

  /** Like {@link request}, for one that must succeed; throws `request_refused` otherwise. */
  async succeed<Event extends RequestEvent>(
    event: Event,
    payload: PayloadOf<Event>,
  ): Promise<Answers[Event]> {
    const answer = await this.request(event, payload);
    if (!answer.ok) {
      const text = `${event} of ${this.user} was refused: ${JSON.stringify(answer.error)}`;
      throw testkitError('request_refused', { text });
    }
    return answer;
  }

  /** Sends anything under any name with an acknowledgement, past the contract's types. */
  async requestRaw(event: string, args: readonly unknown[], timeoutMs = 40_000): Promise<unknown> {
    const answer = new Promise<unknown>((resolve) => {
      (this.socket as Socket).emit(event, ...args, resolve);
    });
    return await within(answer, { timeoutMs, describe: () => `${this.user}'s ${event} is acknowledged` });
  }

  /** Sends anything under any name without an acknowledgement, past the contract's types. */
  emitRaw(event: string, ...args: readonly unknown[]): void {
    (this.socket as Socket).emit(event, ...args);
  }

  async join(room: string): Promise<void> {
    await this.succeed('room:join', { room });
  }

  async say(room: string, text: string, clientId: string = randomUUID()): Promise<MessageSent> {
    return await this.succeed('message:send', { room, text, clientId });
  }

  /** The payloads of the events called `event`, in the order heard. */
  heard<Event extends keyof ServerToClientEvents>(
    event: Event,
  ): Array<Parameters<ServerToClientEvents[Event]>[0]> {
    const payloads: Array<Parameters<ServerToClientEvents[Event]>[0]> = [];
    for (const incident of this.journal.entries) {
      if (incident.kind === 'event' && incident.event === event) payloads.push(incident.payload as never);
    }
    return payloads;
  }

  /** The messages heard in `room`. */
  messages(room: string): Message[] {
    return this.heard('message:new').filter((message) => message.room === room);
  }

  /** The texts heard in `room`. */
  texts(room: string): string[] {
    return this.messages(room).map((message) => message.text);
  }

  /** Resolves when an `event` that `matches` has been heard; looks back to the beginning. */
  async untilHeard<Event extends keyof ServerToClientEvents>(
    event: Event,
    matches: (payload: Parameters<ServerToClientEvents[Event]>[0]) => boolean = () => true,
    timeoutMs = 40_000,
  ): Promise<Parameters<ServerToClientEvents[Event]>[0]> {
    return await this.journal.until(() => this.heard(event).find(matches), {
      timeoutMs,
      describe: () => `${this.user} hears ${event}; it lived through ${this.recent()}`,
    });
  }

  /** Resolves when a message with this text has been heard in `room`. */
  async untilText(room: string, text: string, timeoutMs = 40_000): Promise<Message> {
    return await this.untilHeard(
      'message:new',
      (message) => message.room === room && message.text === text,
      timeoutMs,
    );
  }

  /** Resolves when `session:ready` has been heard `times` times, to the last of them. */
  async untilReady(times = 1, options: WaitOptions = {}): Promise<SessionReady> {
    return await this.journal.until(() => this.heard('session:ready')[times - 1], {
      ...options,
      describe: () => `${this.user} hears session:ready ${times} time(s); it lived through ${this.recent()}`,
    });
  }

  async untilDisconnected(timeoutMs = 40_000): Promise<string> {
    return await this.journal.until(
      (incidents) => incidents.find((incident) => incident.kind === 'disconnected')?.reason,
      { timeoutMs, describe: () => `${this.user} is disconnected; it lived through ${this.recent()}` },
    );
  }

  /** Cuts the connection as a lost network does; the client reconnects where its options say so. */
  cut(): void {
    this.socket.io.engine.close();
  }

  /** Makes every later connection go to `url`, as a load balancer might. */
  moveTo(url: string): void {
    (this.socket.io as unknown as { uri: string }).uri = url;
  }

  /** A token of this cluster for somebody else. */
  async token(user: string): Promise<string> {
    return await this.#issuer.token(user);
  }

  close(): void {
    this.socket.disconnect();
  }

  /** The last incidents, for error messages. */
  recent(): string {
    return JSON.stringify(this.journal.entries.slice(-15));
  }
}

/**
 * Connects a stock socket.io-client and resolves once `session:ready` has been heard. Throws `connect_failed`, whose cause
 * is the `connect_error`, where that does not happen.
 */
export async function connect(scope: Scope, target: Target, options: ConnectOptions = {}): Promise<Client> {
  const client = await open(scope, target, options);
  const refused = untilRefused(client.socket).then((error): never => {
    const text = `${client.user} cannot connect to ${target.url}: ${error.message}`;
    throw testkitError('connect_failed', { text, cause: error });
  });
  const giveUp = new AbortController();
  try {
    await Promise.race([client.untilReady(1, { signal: giveUp.signal }), refused]);
  } finally {
    giveUp.abort();
  }
  return client;
}

/** Connects and resolves to what the refusal carries; throws where the connection is accepted after all. */
export async function connectRefused(
  scope: Scope,
  target: Target,
  options: ConnectOptions = {},
): Promise<ConnectRefusal> {
  const client = await open(scope, target, options);
  const giveUp = new AbortController();
  const accepted = client.untilReady(1, { signal: giveUp.signal }).then((): never => {
    throw testkitError('connect_failed', { text: `${client.user} was accepted by ${target.url}` });
  });
  try {
    const error = await Promise.race([untilRefused(client.socket), accepted]);
    return (error as Error & { data: ConnectRefusal }).data;
  } finally {
    giveUp.abort();
    client.close();
  }
}

async function open(scope: Scope, target: Target, options: ConnectOptions): Promise<Client> {
  const user = options.user ?? `user-${randomUUID().slice(0, 8)}`;
  const auth = options.auth ?? { token: options.token ?? (await target.issuer.token(user)) };
  const socket: TypedSocket = io(target.url, {
    forceNew: true,
    transports: ['websocket'],
    reconnection: false,
    auth,
    ...options.socket,
  });
  scope.onClose(() => socket.disconnect());
  return new Client(user, socket, target.issuer);
}

async function untilRefused(socket: TypedSocket): Promise<Error> {
  return await new Promise((resolve) => {
    // With reconnection on, a connection that fails for now is no refusal.
    socket.on('connect_error', (error) => {
      if (!socket.active) resolve(error);
    });
  });
}
