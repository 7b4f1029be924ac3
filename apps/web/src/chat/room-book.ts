import type { HistoryPage, Message } from '@sluice/protocol';
import type { RememberedRooms } from '../rooms/room-memory.ts';
import { ValueStore } from '../state/value-store.ts';
import type { JsonShelf } from '../storage/json-shelf.ts';
import { beginning, comparePositions } from '../timeline/message-order.ts';
import {
  closeGap,
  hear,
  openGap,
  prependOlder,
  trimOldest,
  type HistoryRun,
  type Timeline,
} from '../timeline/timeline.ts';
import { findRoom, newRoom, unreadIn, type ChatState, type RoomState } from './chat-state.ts';

/** Enough to scroll in; a room left alone for days shall not fill the memory of the page. */
const keptMessages = 300;

/** The user's rooms and what is in them, remembered as far as a reload needs. */
export class RoomBook {
  readonly state: ValueStore<ChatState>;
  readonly #shelf: JsonShelf<RememberedRooms>;

  constructor(user: string, shelf: JsonShelf<RememberedRooms>) {
    this.#shelf = shelf;
    const remembered = shelf.read();
    this.state = new ValueStore<ChatState>({
      user,
      rooms: (remembered?.rooms ?? []).map((room) => newRoom(room.name, room.lastRead)),
      openRoom: remembered?.openRoom,
      catchUp: { kind: 'none' },
      joinProblem: undefined,
    });
  }

  find(name: string): RoomState | undefined {
    return findRoom(this.state.get(), name);
  }

  /** The names, the one on the screen first. */
  names(): readonly string[] {
    const { rooms, openRoom } = this.state.get();
    return rooms.map((room) => room.name).toSorted((a, b) => Number(b === openRoom) - Number(a === openRoom));
  }

  change(name: string, change: (room: RoomState) => RoomState): void {
    this.state.update((state) => {
      const rooms = state.rooms.map((room) => (room.name === name ? change(room) : room));
      return rooms.some((room, index) => room !== state.rooms[index]) ? { ...state, rooms } : state;
    });
  }

  add(name: string): void {
    this.state.update((state) => ({ ...state, rooms: [...state.rooms, newRoom(name)] }));
    this.#remember();
  }

  remove(name: string): void {
    this.state.update((state) => ({
      ...state,
      rooms: state.rooms.filter((room) => room.name !== name),
      openRoom: state.openRoom === name ? undefined : state.openRoom,
    }));
    this.#remember();
  }

  open(name: string | undefined): void {
    const { user, openRoom } = this.state.get();
    if (name !== undefined && name !== openRoom) {
      this.change(name, (room) => ({
        ...room,
        newAfter: unreadIn(room, user).count > 0 ? room.lastRead : undefined,
      }));
    }
    this.state.update((state) => ({ ...state, openRoom: name, joinProblem: undefined }));
    this.#remember();
  }

  /** The user has seen everything in the room. */
  markRead(name: string): void {
    const room = this.find(name);
    const newest = room?.timeline.messages.at(-1);
    if (room === undefined || newest === undefined || room.timeline.gap.kind !== 'none') return;
    if (room.lastRead !== undefined && comparePositions(newest, room.lastRead) <= 0) return;
    this.change(name, (state) => ({ ...state, lastRead: { id: newest.id, sentAt: newest.sentAt } }));
    this.#remember();
  }

  /** Takes in a message delivered or acknowledged. */
  take(message: Message): void {
    const isOpen = this.state.get().openRoom === message.room;
    this.#changeTimeline(message.room, (timeline) => {
      const next = hear(timeline, message);
      // Not under the eyes of somebody who may be reading there.
      return isOpen ? next : trimOldest(next, keptMessages);
    });
  }

  /** Takes in what the history has since the connection was lost; returns how many messages had been missed. */
  fill(name: string, run: HistoryRun): number {
    const room = this.find(name);
    if (room === undefined) return 0;
    const known = new Set(room.timeline.messages.map((message) => message.id));
    const missed = run.messages.filter((message) => !known.has(message.id)).length;
    this.change(name, (state) => {
      const timeline = closeGap(state.timeline, run);
      const newest = timeline.messages.at(-1);
      // On the first visit to a room, what was said before is not unread, and all that comes is.
      const lastRead = state.lastRead ?? (newest ? { id: newest.id, sentAt: newest.sentAt } : beginning);
      return { ...state, phase: { kind: 'joined' }, timeline, lastRead, older: 'idle' };
    });
    if (room.lastRead === undefined) this.#remember();
    return room.timeline.gap.kind === 'after' ? missed : 0;
  }

  prepend(name: string, page: HistoryPage): void {
    this.#changeTimeline(name, (timeline) => prependOlder(timeline, page));
  }

  /** From here on, messages of the room may be missed. */
  openGap(name: string): void {
    this.#changeTimeline(name, openGap);
  }

  /** From here on, messages of every room may be missed. */
  disconnect(): void {
    this.state.update((state) => ({
      ...state,
      catchUp: { kind: 'none' },
      rooms: state.rooms.map((room) => ({
        ...room,
        phase: { kind: 'joining' },
        timeline: openGap(room.timeline),
      })),
    }));
  }

  #changeTimeline(name: string, change: (timeline: Timeline) => Timeline): void {
    this.change(name, (room) => {
      const timeline = change(room.timeline);
      return timeline === room.timeline ? room : { ...room, timeline };
    });
  }

  #remember(): void {
    const { rooms, openRoom } = this.state.get();
    this.#shelf.write({ rooms: rooms.map(({ name, lastRead }) => ({ name, lastRead })), openRoom });
  }
}
