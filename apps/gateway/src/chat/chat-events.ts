import { systemClock, type Clock } from '@sluice/kernel';
import type { ClusterDriver } from '@sluice/cluster-adapter';
import {
  historyReadSchema,
  messageSendSchema,
  protocolError,
  roomJoinSchema,
  roomLeaveSchema,
  typingSetSchema,
  type HistoryPage,
  type Message,
  type MessageSent,
} from '@sluice/protocol';
import type { z } from 'zod';
import type { ChatSocket } from './chat-server.ts';

/** What a client may send: its shape, whether it must carry an acknowledgement, and what answers it. */
export interface ChatEvent {
  readonly schema: z.ZodType;
  readonly acknowledged: boolean;
  /** Returns the acknowledgement's fields. Throws coded errors. */
  readonly handle: (socket: ChatSocket, payload: never) => Promise<object> | object;
}

export interface ChatEventDependencies {
  readonly driver: ClusterDriver;
  readonly maxRooms: number;
  readonly deadlineMs: number;
  /** @param outcome `failed` where it is not known to be logged */
  readonly onPublished: (outcome: 'new' | 'duplicate' | 'failed', tookMs: number) => void;
  readonly clock?: Clock;
}

/** The joins of one socket to one room that are under way, and whether one has been answered. */
interface Join {
  pending: number;
  answered: boolean;
}

const roomPrefix = 'room:';

/**
 * The Socket.IO room of a chat room. Prefixed, because every socket is in a room named after its own id, and a user
 * who joined that would hear what is meant for one socket.
 */
function socketRoom(room: string): string {
  return roomPrefix + room;
}

export function isChatRoom(name: string): boolean {
  return name.startsWith(roomPrefix);
}

function define<Schema extends z.ZodType>(
  schema: Schema,
  acknowledged: boolean,
  handle: (socket: ChatSocket, payload: z.output<Schema>) => Promise<object> | object,
): ChatEvent {
  return { schema, acknowledged, handle };
}

export function createChatEvents(dependencies: ChatEventDependencies): ReadonlyMap<string, ChatEvent> {
  const { driver, maxRooms, deadlineMs, onPublished } = dependencies;
  const clock = dependencies.clock ?? systemClock;

  const joins = new WeakMap<ChatSocket, Map<string, Join>>();

  const join = async (socket: ChatSocket, { room }: { room: string }): Promise<object> => {
    const name = socketRoom(room);
    const ofSocket = joins.get(socket) ?? new Map<string, Join>();
    joins.set(socket, ofSocket);
    const isMember = socket.rooms.has(name);
    if (!isMember && [...socket.rooms].filter(isChatRoom).length >= maxRooms) {
      throw protocolError('too_many_rooms');
    }
    const current = ofSocket.get(name) ?? { pending: 0, answered: isMember };
    ofSocket.set(name, current);
    current.pending += 1;
    try {
      const joined = isMember ? undefined : socket.join(name);
      await within(deadlineMs, clock, Promise.all([joined, driver.joined(name)]));
      current.answered = true;
    } catch (cause) {
      // Never answered as joined and not asked for any more: not left half joined.
      if (current.pending === 1 && !current.answered && ofSocket.get(name) === current) {
        ofSocket.delete(name);
        await within(deadlineMs, clock, socket.leave(name));
      }
      throw cause;
    } finally {
      current.pending -= 1;
    }
    return {};
  };

  const leave = async (socket: ChatSocket, { room }: { room: string }): Promise<object> => {
    const name = socketRoom(room);
    joins.get(socket)?.delete(name);
    await within(deadlineMs, clock, socket.leave(name));
    return {};
  };

  const send = async (
    socket: ChatSocket,
    { room, text, clientId }: { room: string; text: string; clientId: string },
  ): Promise<MessageSent> => {
    const name = memberOf(socket, room);
    const { user } = socket.data;
    const began = clock.now();
    try {
      const { id, sentAt, duplicate } = await driver.publish({
        room: name,
        event: 'message:new',
        data: { room, user, text, clientId },
        idempotencyKey: [user, clientId],
      });
      onPublished(duplicate ? 'duplicate' : 'new', clock.now() - began);
      return { id, sentAt };
    } catch (cause) {
      onPublished('failed', clock.now() - began);
      throw cause;
    }
  };

  const readHistory = async (
    socket: ChatSocket,
    { room, before, limit }: { room: string; before?: string | undefined; limit: number },
  ): Promise<HistoryPage> => {
    const name = memberOf(socket, room);
    const page = before === undefined ? { limit } : { before, limit };
    const { entries, more } = await driver.history.read(name, page);
    const messages = entries.map(({ id, sentAt, data }) => ({ id, sentAt, ...data }) as Message);
    return { messages, more };
  };

  return new Map<string, ChatEvent>([
    ['room:join', define(roomJoinSchema, true, join)],
    ['room:leave', define(roomLeaveSchema, true, leave)],
    ['message:send', define(messageSendSchema, true, send)],
    ['history:read', define(historyReadSchema, true, readHistory)],
    [
      'typing:set',
      define(typingSetSchema, false, (socket, { room, typing }) => {
        const name = memberOf(socket, room);
        socket.to(name).volatile.emit('typing:changed', { room, user: socket.data.user, typing });
        return {};
      }),
    ],
  ]);
}

/** The Socket.IO room, of which the socket must be a member. */
function memberOf(socket: ChatSocket, room: string): string {
  const name = socketRoom(room);
  if (!socket.rooms.has(name)) throw protocolError('not_joined');
  return name;
}

/** Rejects with `unavailable` where `work` takes longer than `deadlineMs`. */
async function within(deadlineMs: number, clock: Clock, work: unknown): Promise<void> {
  let cancel: (() => void) | undefined;
  const overdue = new Promise<never>((_resolve, reject) => {
    cancel = clock.schedule(deadlineMs, () => reject(protocolError('unavailable')));
  });
  try {
    await Promise.race([work, overdue]);
  } finally {
    cancel?.();
  }
}
