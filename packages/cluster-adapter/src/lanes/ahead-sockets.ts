import type { SocketId } from 'socket.io-adapter';
import { comparePositions, laterOf } from '../position.ts';
import { origin, type Position } from '../log/cluster-log.ts';

/**
 * Sockets that are ahead of this node: up to some position, which it has yet to reach, its clients have been given all that
 * is theirs, elsewhere or because they began only then.
 */
export class AheadSockets {
  readonly #until = new Map<SocketId, Position>();
  #highest: Position = origin;

  get size(): number {
    return this.#until.size;
  }

  add(id: SocketId, position: Position): void {
    this.#until.set(id, laterOf(position, this.#until.get(id) ?? position));
    this.#highest = laterOf(this.#highest, position);
  }

  remove(id: SocketId): void {
    this.#until.delete(id);
  }

  /** What the client of one that is ahead is to name when it comes back. */
  offsetOf(id: SocketId): Position | undefined {
    return this.#until.get(id);
  }

  /** True where what lies before or at the position is not for the socket. */
  has(id: SocketId, position: Position): boolean {
    const until = this.#until.size === 0 ? undefined : this.#until.get(id);
    return until !== undefined && comparePositions(position, until) <= 0;
  }

  /** This node hands out what is here: of all that it hears, nothing earlier can come any more. */
  passed(position: Position): void {
    if (this.#until.size > 0 && comparePositions(position, this.#highest) > 0) this.#until.clear();
  }

  /** The same as `has`, for an entry that the socket is about to be given: nothing earlier is. */
  skips(id: SocketId, position: Position): boolean {
    if (this.has(id, position)) return true;
    if (this.#until.size > 0) this.#until.delete(id);
    return false;
  }
}
