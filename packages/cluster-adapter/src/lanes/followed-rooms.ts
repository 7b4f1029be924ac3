import type { SocketId } from 'socket.io-adapter';
import { comparePositions } from '../position.ts';
import { origin, type Position } from '../log/cluster-log.ts';
import type { Followed } from './followed.ts';
import type { Lane } from './lane.ts';

/** The rooms that a namespace's sockets are in, and who is still on the way into one that is not heard yet. */
export class FollowedRooms {
  readonly #lane: Lane;
  readonly #isIn: (room: string, id: SocketId) => boolean;
  readonly #follow: (room: string, after: Position | undefined) => Followed;
  readonly #rooms = new Map<string, Followed>();
  /** Where each of them begins; undefined until that is known, which it is before anything is handed out. */
  readonly #arriving = new Map<string, Map<SocketId, Position | undefined>>();
  /** Rooms that are not heard yet. Kept apart because it is asked for each recipient, and nearly always empty. */
  readonly #opening = new Set<string>();
  /** Of broadcasts to several rooms, which ones those on their way have been given already. */
  readonly #given = new Map<SocketId, { rooms: number; readonly positions: Set<Position> }>();

  constructor(
    lane: Lane,
    follow: (room: string, after: Position | undefined) => Followed,
    isIn: (room: string, id: SocketId) => boolean,
  ) {
    this.#isIn = isIn;
    this.#lane = lane;
    this.#follow = follow;
  }

  get(room: string): Followed | undefined {
    return this.#rooms.get(room);
  }

  open(room: string, after: Position | undefined): void {
    const followed = this.#follow(room, after);
    this.#rooms.set(room, followed);
    if (followed.live) return;
    this.#opening.add(room);
    const opened = (): void => {
      if (this.#rooms.get(room) === followed) this.#opening.delete(room);
    };
    followed.ready.then(opened, opened);
  }

  /** True where somebody here is in the room and it is not heard yet. */
  isOpening(room: string): boolean {
    return this.#opening.size > 0 && this.#opening.has(room);
  }

  close(room: string, lingerMs?: number): void {
    const followed = this.#rooms.get(room);
    this.#rooms.delete(room);
    this.#arriving.delete(room);
    this.#opening.delete(room);
    if (followed !== undefined) this.#lane.unfollow(followed, lingerMs);
  }

  closeAll(): void {
    for (const room of this.#rooms.keys()) this.close(room, 0);
  }

  /**
   * A socket has joined a room, from now on or from `after`. Resolves, once everything from there on is heard, to the
   * position it is heard from.
   */
  async arrive(id: SocketId, room: string, after: Position | undefined): Promise<Position> {
    const followed = this.#rooms.get(room);
    if (followed === undefined) return origin;
    if (followed.live) return followed.last;
    const arriving = this.#arriving.get(room) ?? new Map<SocketId, Position | undefined>();
    this.#arriving.set(room, arriving.set(id, undefined));
    const given = this.#given.get(id) ?? { rooms: 0, positions: new Set() };
    given.rooms += 1;
    this.#given.set(id, given);
    let base = origin;
    this.#lane.begin(followed, after, (position) => {
      base = position;
      if (arriving.has(id)) arriving.set(id, position);
    });
    try {
      await followed.ready;
    } finally {
      arriving.delete(id);
      given.rooms -= 1;
      if (given.rooms === 0) this.#given.delete(id);
      if (arriving.size === 0 && this.#arriving.get(room) === arriving) this.#arriving.delete(room);
    }
    return base;
  }

  /** True where the room is heard for the socket without reserve. */
  isSettled(id: SocketId, room: string): boolean {
    return this.#arriving.get(room)?.has(id) !== true;
  }

  /** True where an entry that has come by `room`, one of `among`, is to be given to a socket of any of them now. */
  takes(id: SocketId, room: string, among: readonly string[] | undefined, position: Position): boolean {
    if (among === undefined) return !this.#isBefore(id, room, position);
    const isDue = among.some((one) =>
      one === room
        ? this.#isIn(one, id) && !this.#isBefore(id, one, position)
        : this.#isIn(one, id) && this.isSettled(id, one),
    );
    const given = this.#given.get(id)?.positions;
    if (!isDue || given?.has(position) === true) return false;
    given?.add(position);
    return true;
  }

  /** True where an entry lies before the socket's way into the room. */
  #isBefore(id: SocketId, room: string, position: Position): boolean {
    if (this.#arriving.size === 0) return false;
    const since = this.#arriving.get(room)?.get(id);
    return since !== undefined && comparePositions(position, since) <= 0;
  }
}
