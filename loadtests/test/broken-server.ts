import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Scope } from '@sluice/testkit';
import type { Message, Reply } from '@sluice/protocol';
import { Server, type Socket } from 'socket.io';
import { SessionAwareAdapter } from 'socket.io-adapter';

/**
 * What a server does wrong, to every fifth message that a receiver is to hear: `drop` it, `repeat` it, `swap` it with the one
 * after it. `forget`: recover sessions without what they missed. `misplace`: leave it out of the history.
 */
export type Fault = 'drop' | 'repeat' | 'swap' | 'forget' | 'misplace';

const every = 5;

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
 * and Socket.IO's own recovery; returns its address. Tokens are names, and are given to anybody.
 * @param fault nothing is wrong with it where left out
 */
export async function startBrokenServer(scope: Scope, fault?: Fault): Promise<string> {
  const http = createTokenServer();
  const io = new Server(http, {
    connectionStateRecovery: {},
    ...(fault === 'forget' ? { adapter: ForgetfulAdapter } : {}),
  });
  scope.onClose(() => io.close());
  const rooms = new Map<string, Room>();
  const roomCalled = (name: string): Room => {
    const room = rooms.get(name) ?? new Room(io, fault);
    rooms.set(name, room);
    return room;
  };
  io.on('connection', (socket) => serve(socket, roomCalled));
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

function serve(socket: Socket, roomCalled: (name: string) => Room): void {
  const { token: user } = socket.handshake.auth as { token: string };
  const on = (event: string, handle: (room: Room, payload: never) => object): void => {
    socket.on(event, (payload: { room: string }, answer: (reply: Reply) => void) =>
      answer({ ok: true, ...handle(roomCalled(payload.room), payload as never) }),
    );
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
  readonly #fault: Fault | undefined;
  readonly #history: Message[] = [];
  readonly #receivers = new Map<string, Receiver>();
  readonly #published = new Map<string, string>();
  #last = 0;

  constructor(io: Server, fault: Fault | undefined) {
    this.#io = io;
    this.#fault = fault;
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
    if (this.#fault !== 'misplace' || this.#last % every !== 0) this.#history.push(message);
    for (const [sessionId, receiver] of this.#receivers) this.#deliver(sessionId, receiver, message);
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
    const isChosen = receiver.count % every === 0;
    if (isChosen && this.#fault === 'drop') return;
    if (isChosen && this.#fault === 'swap') {
      receiver.held = message;
      return;
    }
    this.#emit(sessionId, message);
    if (isChosen && this.#fault === 'repeat') this.#emit(sessionId, message);
    this.#release(sessionId, receiver);
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
