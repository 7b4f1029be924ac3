import type { SocketId } from 'socket.io-adapter';
import { laterOf } from '../position.ts';
import { origin, type Position } from '../log/cluster-log.ts';
import { Arrivals } from './arrivals.ts';
import type { Followed } from './followed.ts';
import type { Lane } from './lane.ts';

/** The rooms that a namespace's sockets are in, and who is still on the way into one. */
export class FollowedRooms {
  readonly arrivals: Arrivals;
  readonly #lane: Lane;
  readonly #follow: (room: string, after: Position | undefined) => Followed;
  readonly #rooms = new Map<string, Followed>();
  /** Rooms that are not heard yet. Kept apart because it is asked for each recipient, and nearly always empty. */
  readonly #opening = new Set<string>();

  constructor(
    lane: Lane,
    follow: (room: string, after: Position | undefined) => Followed,
    isIn: (room: string, id: SocketId) => boolean,
  ) {
    this.arrivals = new Arrivals({ isIn, lastOf: (room) => this.#rooms.get(room)?.last ?? origin });
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
