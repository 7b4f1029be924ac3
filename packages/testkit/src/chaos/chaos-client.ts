import type {
  ClientToServerEvents,
  Message,
  Reply,
  ServerToClientEvents,
  SessionReady,
} from '@sluice/protocol';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import type { FaultProxy } from '../fault-proxy.ts';
import type { Happening, Recorder } from './recorder.ts';

/** How a client reaches the cluster. */
export interface Route {
  /** Its own link, which leads to a node of its choice with every connection; none where the client goes by itself. */
  readonly link?: FaultProxy | undefined;
  /** Where the next connection goes. */
  readonly nextUrl: () => string;
  /** The node that the latest connection leads to. */
  readonly latestNode: () => string;
}

export interface ChaosClientOptions {
  readonly name: string;
  readonly token: string;
  readonly recorder: Recorder;
  readonly route: Route;
}

type ChatSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

const options: Partial<ManagerOptions & SocketOptions> = {
  forceNew: true,
  transports: ['websocket'],
  reconnectionDelay: 50,
  reconnectionDelayMax: 400,
  randomizationFactor: 0,
  timeout: 2_000,
};
/** What a client lives through, before it says who it is. */
type WithoutPlace<Event> = Event extends { readonly connection: number }
  ? Omit<Event, 'client' | 'connection'>
  : never;

const answerMs = 3_000;
const retryMs = 150;

/** What an answer says, or nothing where none came in time. */
type Answer<Fields extends object = object> = Reply<Fields> | undefined;

/**
 * A stock socket.io-client that behaves as an application's would: it joins its rooms again where its session was not
 * recovered, and resends what was not acknowledged. Everything it does and hears is recorded.
 */
export class ChaosClient {
  readonly name: string;
  readonly route: Route;
  /** True while a fault has hold of its link. */
  taken = false;
  readonly #socket: ChatSocket;
  readonly #recorder: Recorder;
  readonly #wanted = new Set<string>();
  readonly #joined = new Set<string>();
  readonly #joining = new Set<string>();
  readonly #unsettled = new Map<string, { readonly room: string; readonly text: string }>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #connection = 0;
  #awaitsConnection = true;
  #ready = false;
  #closed = false;

  constructor({ name, token, recorder, route }: ChaosClientOptions) {
    this.name = name;
    this.route = route;
    this.#recorder = recorder;
    this.#socket = io(route.nextUrl(), { ...options, auth: { token } });
    this.#listen();
  }

  /** True where it is connected, was acknowledged in all its rooms, and all it published is settled. */
  get settled(): boolean {
    return (
      this.#ready && [...this.#wanted].every((room) => this.#joined.has(room)) && this.#unsettled.size === 0
    );
  }

  /** What is not settled yet, for people. */
  get unsettled(): string {
    if (!this.#ready) return `${this.name} is not connected`;
    const rooms = [...this.#wanted].filter((room) => !this.#joined.has(room));
    return `${this.name} waits for ${[...rooms, ...this.#unsettled.keys()].slice(0, 5).join(', ')}`;
  }

  get rooms(): readonly string[] {
    return [...this.#wanted];
  }

  /** Joins, and joins again after every session that was not recovered. */
  join(room: string): void {
    this.#wanted.add(room);
    this.#joinAll();
  }

  /** Leaves, where its join has been answered. */
  leave(room: string): void {
    if (!this.#joined.delete(room)) return;
    this.#wanted.delete(room);
    this.#live({ kind: 'leave-requested', room });
    if (this.#socket.connected) this.#socket.emit('room:leave', { room }, () => undefined);
  }

  /** Publishes, and publishes again until it is acknowledged. */
  publish(room: string, clientId: string, text: string): void {
    this.#unsettled.set(clientId, { room, text });
    this.#send(clientId);
  }

  type(room: string, typing: boolean): void {
    if (this.#joined.has(room)) this.#socket.volatile.emit('typing:set', { room, typing });
  }

  /** Loses its connection without a word, and comes back at once. */
  drop(): void {
    this.#socket.io.engine.close();
  }

  /** Stops reading from its connection; returns how to go on. */
  stopReading(): () => void {
    const { ws } = this.#socket.io.engine.transport as unknown as {
      ws?: { pause(): void; resume(): void };
    };
    ws?.pause();
    return () => ws?.resume();
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#socket.disconnect();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.io.on('reconnect_attempt', () => this.#moveOn());
    socket.on('connect', () => {
      this.#connection += 1;
      this.#awaitsConnection = false;
      const { recovered } = socket;
      if (!recovered) this.#joined.clear();
      this.#joining.clear();
      this.#live({ kind: 'connected', recovered, node: this.route.latestNode() });
    });
    socket.on('session:ready', (session: SessionReady & { reason?: string }) => {
      const { recovered, nodeId, reason } = session;
      if (!recovered) this.#joined.clear();
      this.#ready = true;
      this.#live({ kind: 'ready', recovered, node: nodeId, reason });
      this.#joinAll();
    });
    socket.on('disconnect', (reason) => {
      this.#ready = false;
      if (this.#closed) return;
      // Also said of a connection that never stood.
      if (!this.#awaitsConnection) this.#live({ kind: 'disconnected', reason });
      this.#awaitsConnection = true;
      this.#return();
    });
    socket.on('connect_error', () => this.#return());
    socket.on('message:new', ({ room, id, clientId }: Message) => {
      // Until it is connected the stock client keeps what comes, and hands it out just before it says so.
      const connection = this.#connection + (this.#awaitsConnection ? 1 : 0);
      this.#recorder.record({ kind: 'heard', client: this.name, connection, room, id, clientId });
    });
    (socket as Socket).on('sluice:gap', ({ rooms }: { rooms: readonly string[] }) => {
      this.#live({ kind: 'gap-said', rooms: rooms.map((room) => room.replace(/^room:/, '')) });
    });
  }

  /** Connects again where the stock client leaves that to the application: after a refusal, or when sent away. */
  #return(): void {
    this.#later(() => {
      if (this.#socket.active) return;
      this.#moveOn();
      this.#socket.connect();
    });
  }

  #moveOn(): void {
    (this.#socket.io as unknown as { uri: string }).uri = this.route.nextUrl();
  }

  #joinAll(): void {
    if (!this.#ready) return;
    for (const room of this.#wanted) {
      if (!this.#joined.has(room) && !this.#joining.has(room)) void this.#join(room);
    }
  }

  async #join(room: string): Promise<void> {
    const connection = this.#connection;
    this.#joining.add(room);
    this.#live({ kind: 'join-requested', room });
    const answer = await this.#ask((done) => this.#patient.emit('room:join', { room }, done));
    if (this.#connection !== connection || !this.#ready) return;
    this.#joining.delete(room);
    if (answer?.ok === true) {
      this.#live({ kind: 'joined', room });
      this.#joined.add(room);
      return;
    }
    this.#live({ kind: 'join-refused', room, code: answer?.error.code ?? 'no answer' });
    this.#later(() => this.#joinAll());
  }

  #send(clientId: string): void {
    const message = this.#unsettled.get(clientId);
    if (message === undefined) return;
    if (this.#ready && this.#joined.has(message.room)) void this.#attempt(clientId, message);
    else this.#later(() => this.#send(clientId));
  }

  async #attempt(clientId: string, message: { readonly room: string; readonly text: string }): Promise<void> {
    const { room } = message;
    const what = { client: this.name, room, clientId };
    this.#recorder.record({ kind: 'publish-sent', ...what });
    const answer: Answer<{ id: string }> = await this.#ask((done) =>
      this.#patient.emit('message:send', { ...message, clientId }, done),
    );
    if (answer?.ok === true) {
      this.#unsettled.delete(clientId);
      this.#recorder.record({ kind: 'publish-acknowledged', ...what, id: answer.id });
      return;
    }
    this.#recorder.record({ kind: 'publish-refused', ...what, code: answer?.error.code ?? 'no answer' });
    this.#later(() => this.#send(clientId));
  }

  #live(happening: WithoutPlace<Happening>): void {
    this.#recorder.record({ client: this.name, connection: this.#connection, ...happening });
  }

  get #patient() {
    return this.#socket.timeout(answerMs);
  }

  async #ask<Fields extends object>(
    send: (done: (error: Error | null, reply: Reply<Fields>) => void) => void,
  ): Promise<Answer<Fields>> {
    return await new Promise((resolve) => {
      send((error, reply) => resolve(error === null ? reply : undefined));
    });
  }

  #later(act: () => void): void {
    if (this.#closed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, retryMs);
    this.#timers.add(timer);
  }
}
