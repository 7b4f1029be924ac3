import type { SocketId } from 'socket.io-adapter';
import { comparePositions, laterOf } from '../position.ts';
import { origin, type Position } from '../log/cluster-log.ts';
import { Arrivals } from './arrivals.ts';
import type { Followed } from './followed.ts';
import type { Lane } from './lane.ts';

/** The rooms that a namespace's sockets are in, and who is still on the way into one. */
export class FollowedRooms {
  readonly arrivals: Arrivals;
  readonly #lane: Lane;
  readonly #isIn: (room: string, id: SocketId) => boolean;
  readonly #follow: (room: string, after: Position | undefined) => Followed;
  readonly #rooms = new Map<string, Followed>();
  /** Rooms that are not heard yet. Kept apart because it is asked for each recipient, and nearly always empty. */
  readonly #opening = new Set<string>();
  /** The last broadcast to several rooms that has come by one of them. */
  #several: { readonly rooms: readonly string[]; readonly position: Position } | undefined;

  constructor(
    lane: Lane,
    follow: (room: string, after: Position | undefined) => Followed,
    isIn: (room: string, id: SocketId) => boolean,
  ) {
    this.arrivals = new Arrivals({ isIn, lastOf: (room) => this.#rooms.get(room)?.last ?? origin });
    this.#lane = lane;
    this.#isIn = isIn;
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

  /** A broadcast to several rooms is handed out, by one of them. */
  comes(rooms: readonly string[], position: Position): void {
    this.#several = { rooms, position };
  }

  /**
   * True where such a one has come by one of its rooms and is still to come by one of the socket's. Who is not there at the
   * first misses what is there at the others: this is not the moment to go live.
   */
  isHalfway(id: SocketId): boolean {
    const { rooms = [], position = origin } = this.#several ?? {};
    if (position !== this.#lane.cursor) return false;
    return rooms.some((room) => {
      const followed = this.#rooms.get(room);
      return followed?.live === true && this.#isIn(room, id) && comparePositions(followed.last, position) < 0;
    });
  }

  close(room: string, lingerMs?: number): void {
    const followed = this.#rooms.get(room);
    this.#rooms.delete(room);
    this.#opening.delete(room);
    if (followed !== undefined) this.#lane.unfollow(followed, lingerMs);
  }

  closeAll(): void {
    for (const room of this.#rooms.keys()) this.close(room, 0);
  }

  /**
   * A socket has joined a room, from now on or from `after`. Resolves, once everything from there on is or will be heard, to
   * the position it is heard from: where the room ends for the log, which may be further than this node is. Resolves to
   * undefined where the socket has left meanwhile.
   */
  async arrive(id: SocketId, room: string, after: Position | undefined): Promise<Position | undefined> {
    const followed = this.#rooms.get(room);
    if (followed === undefined) return undefined;
    const { live, last } = followed;
    // What moves it came in its place among what is handed out.
    if (live && after !== undefined) return last;
    const arrival = this.arrivals.begin(id, room);
    arrival.known = this.#lane.begin(followed, after, (position) => {
      // Of what it heard here when it joined, Redis may have lost the end.
      arrival.since = live ? laterOf(position, last) : position;
    });
    try {
      // A room that is about to be heard does not wait for who joins it last.
      await arrival.known;
      await followed.ready;
    } catch (error) {
      if (arrival.left) return undefined;
      this.arrivals.end(arrival);
      throw error;
    }
    if (arrival.isOver(followed.last)) this.arrivals.end(arrival);
    return arrival.left ? undefined : arrival.since;
  }
}
