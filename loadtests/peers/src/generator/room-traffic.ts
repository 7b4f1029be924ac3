import { checkRoom, sumVerdicts, type RoomVerdict } from './check-room.ts';
import type { PlannedClient } from './plan.ts';

interface Room {
  readonly name: string;
  readonly members: number[];
  /** By message: who sent it, and when. */
  readonly senders: number[];
  readonly sentMs: number[];
}

/** What was said and heard in rooms of clients that are in one room each. */
export class RoomTraffic {
  readonly #rooms = new Map<string, Room>();
  readonly #roomOf: readonly Room[];
  /** By client: the numbers heard. */
  readonly #heard: readonly number[][];
  #published = 0;
  #delivered = 0;
  #expected = 0;

  constructor(clients: readonly PlannedClient[]) {
    this.#roomOf = clients.map(({ rooms: [name = ''] }, index) => {
      const room = this.#rooms.get(name) ?? { name, members: [], senders: [], sentMs: [] };
      this.#rooms.set(name, room);
      room.members.push(index);
      return room;
    });
    this.#heard = clients.map(() => []);
  }

  get published(): number {
    return this.#published;
  }

  get delivered(): number {
    return this.#delivered;
  }

  /** How much each client has heard so far. */
  heardByClient(): number[] {
    return this.#heard.map(({ length }) => length);
  }

  /** True once everybody has heard all that was sent, or as much of anything. */
  get complete(): boolean {
    return this.#delivered >= this.#expected;
  }

  /** Notes that a client sends now; returns its room, and the number of the message there. */
  send(client: number, nowMs: number): { room: string; number: number } {
    const { name, members, senders, sentMs } = this.#roomOf[client] as Room;
    const number = senders.push(client) - 1;
    sentMs.push(nowMs);
    this.#published += 1;
    this.#expected += members.length;
    return { room: name, number };
  }

  /** Notes that a client hears a message of its room; returns when that was sent. */
  hear(client: number, number: number): number {
    this.#delivered += 1;
    this.#heard[client]?.push(number);
    return this.#roomOf[client]?.sentMs[number] ?? NaN;
  }

  verdict(): RoomVerdict {
    const verdicts = [...this.#rooms.values()].map(({ members, senders }) =>
      checkRoom({ senders, heard: members.map((client) => this.#heard[client] ?? []) }),
    );
    return sumVerdicts(verdicts);
  }
}
