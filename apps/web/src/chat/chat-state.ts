import type { CatchUp } from '../connection/connection-status.ts';
import { comparePositions, type Position } from '../timeline/message-order.ts';
import { emptyTimeline, type Timeline } from '../timeline/timeline.ts';

type RoomPhase =
  | { readonly kind: 'joining' }
  | { readonly kind: 'joined' }
  /** Not tried again before the next connection. */
  | { readonly kind: 'refused'; readonly reason: string };

export interface RoomState {
  readonly name: string;
  readonly phase: RoomPhase;
  readonly timeline: Timeline;
  readonly older: 'idle' | 'loading' | 'failed';
  /** The newest message the user has seen. */
  readonly lastRead: Position | undefined;
  /** What `lastRead` was when the room was opened with unread messages in it. */
  readonly newAfter: Position | undefined;
}

export interface ChatState {
  readonly user: string;
  readonly rooms: readonly RoomState[];
  readonly openRoom: string | undefined;
  readonly catchUp: CatchUp;
  /** Why the room asked for last could not be joined. */
  readonly joinProblem: string | undefined;
}

export function newRoom(name: string, lastRead?: Position): RoomState {
  return {
    name,
    phase: { kind: 'joining' },
    timeline: emptyTimeline,
    older: 'idle',
    lastRead,
    newAfter: undefined,
  };
}

export interface Unread {
  readonly count: number;
  /** True where there may be more than were loaded. */
  readonly atLeast: boolean;
}

/** How many messages of others in the room the user has not seen. */
export function unreadIn(room: RoomState, user: string): Unread {
  const { lastRead, timeline } = room;
  // Never read: the messages from before the user came are not news.
  if (lastRead === undefined) return { count: 0, atLeast: false };
  const isUnread = (position: Position): boolean => comparePositions(position, lastRead) > 0;
  const count = timeline.messages.filter((message) => message.user !== user && isUnread(message)).length;
  const first = timeline.messages[0];
  return { count, atLeast: timeline.more && first !== undefined && isUnread(first) };
}

export function findRoom(state: ChatState, name: string | undefined): RoomState | undefined {
  return state.rooms.find((room) => room.name === name);
}
