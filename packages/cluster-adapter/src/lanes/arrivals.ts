import type { SocketId } from 'socket.io-adapter';
import { comparePositions, laterOf } from '../position.ts';
import { origin, type Position } from '../log/cluster-log.ts';

/** A socket on its way into a room: from its join until all that the room had before has been handed out here. */
export class Arrival {
  readonly id: SocketId;
  readonly room: string;
  /** Where the room ended when it was joined, which is where its share begins; undefined until the log has told. */
  since: Position | undefined;
  /** A broadcast to several rooms that has come by another one and is still to come by this. */
  awaited: Position = origin;
  /** Resolves once `since` is known. */
  known: Promise<void> = Promise.resolve();
  /** True where the socket has left the room since. */
  left = false;

  constructor(id: SocketId, room: string) {
    this.id = id;
    this.room = room;
  }

  /** True where an entry is from before its share. */
  precludes(position: Position): boolean {
    return this.since !== undefined && comparePositions(position, this.since) <= 0;
  }

  /** True where the room has been handed out so far that nothing is special about this socket any more. */
  isOver(last: Position): boolean {
    return this.since !== undefined && comparePositions(last, laterOf(this.since, this.awaited)) >= 0;
  }
}

export interface ArrivalRooms {
  readonly isIn: (room: string, id: SocketId) => boolean;
  /** The last of a room that was handed out. */
  readonly lastOf: (room: string) => Position;
}

interface OfSocket {
  readonly arrivals: Set<Arrival>;
  /** Of broadcasts to several rooms, which ones it has been given already. */
  readonly given: Set<Position>;
}

/**
 * Who is on the way into which room. A node may be behind the log, and not know it: what it has yet to hand out of a room
 * is not for those who join it now.
 */
export class Arrivals {
  readonly #rooms: ArrivalRooms;
  readonly #byRoom = new Map<string, Map<SocketId, Arrival>>();
  readonly #bySocket = new Map<SocketId, OfSocket>();

  constructor(rooms: ArrivalRooms) {
    this.#rooms = rooms;
  }

  begin(id: SocketId, room: string): Arrival {
    this.leave(id, room);
    const arrival = new Arrival(id, room);
    const ofRoom = this.#byRoom.get(room) ?? new Map<SocketId, Arrival>();
    this.#byRoom.set(room, ofRoom.set(id, arrival));
    const ofSocket = this.#bySocket.get(id) ?? { arrivals: new Set(), given: new Set() };
    this.#bySocket.set(id, ofSocket);
    ofSocket.arrivals.add(arrival);
    return arrival;
  }

  end(arrival: Arrival): void {
    const { id, room } = arrival;
    const ofRoom = this.#byRoom.get(room);
    if (ofRoom?.get(id) !== arrival) return;
    ofRoom.delete(id);
    if (ofRoom.size === 0) this.#byRoom.delete(room);
    const ofSocket = this.#bySocket.get(id);
    ofSocket?.arrivals.delete(arrival);
    if (ofSocket?.arrivals.size === 0) this.#bySocket.delete(id);
  }

  /** The socket has left the room, or joins it anew. */
  leave(id: SocketId, room: string): void {
    const arrival = this.#find(id, room);
    if (arrival === undefined) return;
    arrival.left = true;
    this.end(arrival);
  }

  /** The room has been handed out up to here, to the last of its sockets. */
  passed(room: string, position: Position): void {
    if (this.#byRoom.size === 0) return;
    for (const arrival of this.#byRoom.get(room)?.values() ?? [])
      if (arrival.isOver(position)) this.end(arrival);
  }

  /** True where the room is heard for the socket without reserve. */
  isSettled(id: SocketId, room: string): boolean {
    return this.#find(id, room) === undefined;
  }

  /** True where it is not known yet whether what is handed out of the room is for the socket. */
  isUnsure(id: SocketId, room: string): boolean {
    const arrival = this.#find(id, room);
    return arrival !== undefined && arrival.since === undefined;
  }

  /** True where what the room has up to this position is from before the socket's join. */
  isBefore(id: SocketId, room: string, position: Position): boolean {
    return this.#find(id, room)?.precludes(position) === true;
  }

  /** Those of a socket. */
  of(id: SocketId): readonly Arrival[] {
    return [...(this.#bySocket.get(id)?.arrivals ?? [])];
  }

  /** True where an entry that has come by `room`, one of `among`, is to be given to a socket of any of them now. */
  takes(id: SocketId, room: string, among: readonly string[] | undefined, position: Position): boolean {
    if (among === undefined) return !this.isBefore(id, room, position);
    let isDue = false;
    for (const one of among) {
      if (!this.#rooms.isIn(one, id)) continue;
      const arrival = this.#find(id, one);
      if (one === room) isDue ||= arrival?.precludes(position) !== true;
      // Where that one has come to it already, it was given by that.
      else if (arrival === undefined) isDue ||= comparePositions(position, this.#rooms.lastOf(one)) > 0;
      else arrival.awaited = laterOf(arrival.awaited, position);
    }
    const given = this.#bySocket.get(id)?.given;
    if (!isDue || given?.has(position) === true) return false;
    given?.add(position);
    return true;
  }

  #find(id: SocketId, room: string): Arrival | undefined {
    return this.#byRoom.size === 0 ? undefined : this.#byRoom.get(room)?.get(id);
  }
}
