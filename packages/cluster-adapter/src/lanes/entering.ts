import type { Context } from '@opentelemetry/api';
import { recorded, within } from '@sluice/telemetry';
import type { Room, SocketId } from 'socket.io-adapter';
import { laterOf } from '../position.ts';
import type { Position } from '../log/cluster-log.ts';
import type { FollowedRooms } from './followed-rooms.ts';
import type { Laggards } from './laggards.ts';
import type { NamespaceSessions } from './namespace-sessions.ts';

export interface EnteringParts {
  readonly laggards: Pick<Laggards, 'joined'>;
  readonly sessions: Pick<NamespaceSessions, 'joined'>;
  readonly isIn: (id: SocketId, room: Room) => boolean;
}

/** Joins under way: the work that ends with the room heard and in the session. */
export class Entering {
  readonly #rooms: FollowedRooms;
  readonly #parts: EnteringParts;
  readonly #works = new Map<SocketId, Map<Room, Promise<void>>>();

  constructor(rooms: FollowedRooms, parts: EnteringParts) {
    this.#rooms = rooms;
    this.#parts = parts;
  }

  /** A socket has joined a room, from now on or from `after`. */
  begin(id: SocketId, room: Room, after: Position | undefined): void {
    const works = this.#works.get(id) ?? new Map<Room, Promise<void>>();
    this.#works.set(id, works);
    const work = this.#arrive(id, room, after, recorded()).finally(() => {
      if (works.get(room) === work) works.delete(room);
      if (works.size === 0 && this.#works.get(id) === works) this.#works.delete(id);
    });
    works.set(room, work);
  }

  /** Each resolves once its room is heard and in the session. */
  underWay(id: SocketId, rooms: Iterable<Room>): Promise<void>[] {
    const works = this.#works.get(id);
    if (works === undefined) return [];
    return [...rooms].map((room) => works.get(room)).filter((work) => work !== undefined);
  }

  /** Those of the socket's rooms that are heard, with the positions from which it is to hear them. */
  positions(id: SocketId, rooms: Iterable<Room>): Map<Room, Position> {
    const positions = new Map<Room, Position>();
    for (const room of rooms) {
      const followed = this.#rooms.get(room);
      if (followed?.live === true) positions.set(room, followed.last);
    }
    for (const { room, since } of this.#rooms.arrivals.of(id)) {
      const last = positions.get(room);
      if (last !== undefined && since !== undefined) positions.set(room, laterOf(last, since));
    }
    return positions;
  }

  async #arrive(
    id: SocketId,
    room: Room,
    after: Position | undefined,
    held: Context | undefined,
  ): Promise<void> {
    const { laggards, sessions, isIn } = this.#parts;
    const followed = this.#rooms.get(room);
    if (followed === undefined) return;
    const arriving = this.#rooms.arrive(id, room, after);
    // Where this node is nearly always: what it costs to ask is then no time.
    const likely = followed.live ? followed.last : undefined;
    const written =
      likely === undefined ? undefined : within(held, () => sessions.joined(id, { [room]: likely }));
    const position = await arriving;
    if (position !== undefined) laggards.joined(id, followed.topic, position);
    if (position !== undefined && position !== likely && isIn(id, room))
      await within(held, () => sessions.joined(id, { [room]: position }));
    await written;
  }
}
