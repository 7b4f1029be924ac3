import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Scope } from '@sluice/testkit';
import type { Message, Reply } from '@sluice/protocol';
import { Server, type Socket } from 'socket.io';
import { SessionAwareAdapter } from 'socket.io-adapter';

/**
 * What a server does wrong, to every fifth message that a receiver is to hear, the faults it has taking turns: `drop` it, `repeat`
 * it, `swap` it with the one after it. `misplace`: leave every fifth out of the history. `leak`: tell every fifth to somebody who
 * is not in the room. `forget`: recover sessions without what they missed.
 */
export type Fault = 'drop' | 'repeat' | 'swap' | 'misplace' | 'leak' | 'forget';

const every = 5;
/** Those that are done to a message on its way to a receiver. */
const onTheWay: readonly Fault[] = ['drop', 'repeat', 'swap'];

/** A server of the chat, and what scenarios may have done to it. */
export interface BrokenServer {
  readonly url: string;
  /** Loses all connections, without a goodbye. */
  cutAll(): void;
  /** Lets nothing be said for so long. */
  hold(ms: number): Promise<void>;
}

interface Page {
  readonly before?: string;
  readonly limit?: number;
}

/** What one session hears, and what is being held back from it. */
interface Receiver {
  count: number;
  held: Message | undefined;
}

/**
 * Starts a single server of the chat protocol (docs/protocol.md), as far as the load tests speak it, with a history in memory
 * and Socket.IO's own recovery. Tokens are names, and are given to anybody.
 * @param faults nothing is wrong with it where there are none
 */
export async function startBrokenServer(scope: Scope, faults: readonly Fault[]): Promise<BrokenServer> {
  const http = createTokenServer();
  const io = new Server(http, {
    connectionStateRecovery: {},
    ...(faults.includes('forget') ? { adapter: ForgetfulAdapter } : {}),
  });
  scope.onClose(() => io.close());
  const chat: Chat = { io, faults, rooms: new Map(), held: Promise.resolve() };
  io.on('connection', (socket) => serve(socket, chat));
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    cutAll() {
      for (const socket of io.sockets.sockets.values()) socket.conn.close();
    },
    async hold(ms) {
      chat.held = pause(ms);
      await chat.held;
    },
  };
}

interface Chat {
  readonly io: Server;
  readonly faults: readonly Fault[];
  readonly rooms: Map<string, Room>;
  /** Nothing is published before it resolves. */
  held: Promise<unknown>;
}

function serve(socket: Socket, chat: Chat): void {
  const { token: user } = socket.handshake.auth as { token: string };
  const roomCalled = (name: string): Room => {
    const room = chat.rooms.get(name) ?? new Room(chat.io, chat.faults);
    chat.rooms.set(name, room);
    return room;
  };
  const on = (event: string, handle: (room: Room, payload: never) => object): void => {
    socket.on(event, (payload: { room: string }, answer: (reply: Reply) => void) => {
      const act = (): void => answer({ ok: true, ...handle(roomCalled(payload.room), payload as never) });
      if (event === 'message:send') void chat.held.then(act);
      else act();
    });
  };
  on('room:join', (room) => room.join(socket.id));
  on('room:leave', (room) => room.leave(socket.id));
  on('message:send', (room, message: Message) => room.publish({ ...message, user }));
  on('history:read', (room, page: Page) => room.read(page));
  // Past the adapter, which would keep it for the next session.
  socket.nsp.local
    .to(socket.id)
    .emit('session:ready', { user, nodeId: 'broken', recovered: socket.recovered });
}

class Room {
  readonly #io: Server;
  readonly #faults: readonly Fault[];
  readonly #history: Message[] = [];
  readonly #receivers = new Map<string, Receiver>();
  readonly #published = new Map<string, string>();
  #last = 0;

  constructor(io: Server, faults: readonly Fault[]) {
    this.#io = io;
    this.#faults = faults;
  }

  /** @param sessionId who is away for a while is a member all the same */
  join(sessionId: string): object {
    this.#receivers.set(sessionId, { count: 0, held: undefined });
    return {};
  }

  leave(sessionId: string): object {
    this.#receivers.delete(sessionId);
    return {};
  }

  publish(sent: Omit<Message, 'id' | 'sentAt'>): object {
    const key = `${sent.user} ${sent.clientId}`;
    const known = this.#published.get(key);
    if (known !== undefined) return { id: known, sentAt: 0 };
    this.#last += 1;
    const message = { ...sent, id: `${this.#last}-0`, sentAt: Date.now() };
    this.#published.set(key, message.id);
    const isFifth = this.#last % every === 0;
    if (!(isFifth && this.#faults.includes('misplace'))) this.#history.push(message);
    for (const [sessionId, receiver] of this.#receivers) this.#deliver(sessionId, receiver, message);
    if (isFifth && this.#faults.includes('leak')) this.#leak(message);
    return { id: message.id, sentAt: message.sentAt };
  }

  read({ before, limit = 50 }: Page): object {
    // Nobody waits for what nothing follows.
    for (const [sessionId, receiver] of this.#receivers) this.#release(sessionId, receiver);
    const end = before === undefined ? undefined : this.#history.findIndex(({ id }) => id === before);
    const older = this.#history.slice(0, end);
    return { messages: older.slice(-limit), more: older.length > limit };
  }

  #deliver(sessionId: string, receiver: Receiver, message: Message): void {
    receiver.count += 1;
    const fault = this.#faultFor(receiver.count);
    if (fault === 'drop') return;
    if (fault === 'swap') {
      receiver.held = message;
      return;
    }
    this.#emit(sessionId, message);
    if (fault === 'repeat') this.#emit(sessionId, message);
    this.#release(sessionId, receiver);
  }

  /** What is done to the `count`th message of a receiver. */
  #faultFor(count: number): Fault | undefined {
    const faults = onTheWay.filter((fault) => this.#faults.includes(fault));
    return count % every === 0 ? faults[(count / every) % faults.length] : undefined;
  }

  #leak(message: Message): void {
    const others = [...this.#io.sockets.sockets.keys()].filter((id) => !this.#receivers.has(id));
    if (others[0] !== undefined) this.#emit(others[0], message);
  }

  #release(sessionId: string, receiver: Receiver): void {
    if (receiver.held !== undefined) this.#emit(sessionId, receiver.held);
    receiver.held = undefined;
  }

  /** To a session, which is a room of Socket.IO's: kept for it while it is away. */
  #emit(sessionId: string, message: Message): void {
    this.#io.to(sessionId).emit('message:new', message);
  }
}

/** Knows who comes back, and nothing of what it has missed. */
class ForgetfulAdapter extends SessionAwareAdapter {
  override async restoreSession(
    ...session: Parameters<SessionAwareAdapter['restoreSession']>
  ): ReturnType<SessionAwareAdapter['restoreSession']> {
    const restored = await super.restoreSession(...session);
    return Object.assign(restored, { missedPackets: [] });
  }
}

/** Gives development tokens, as a gateway does. */
function createTokenServer(): HttpServer {
  return createServer((request, response) => {
    if (request.url !== '/auth/dev-token') {
      response.writeHead(404).end();
      return;
    }
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const { user } = JSON.parse(body) as { user: string };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ token: user, expiresAt: Date.now() + 3_600_000 }));
    });
  });
}
