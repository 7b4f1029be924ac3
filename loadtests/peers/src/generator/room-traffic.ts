import { checkRoom, missedBy, sumVerdicts, type RoomRecord, type RoomVerdict } from './check-room.ts';
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
  /** By client: how much of what it has not heard is not waited for. */
  readonly #forgiven: number[];
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
    this.#forgiven = clients.map(() => 0);
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

  /** How many messages have been said so far in a client's room. */
  saidTo(client: number): number {
    return this.#roomOf[client]?.senders.length ?? 0;
  }

  /** Stops waiting for what a client has not heard so far, as it begins anew. */
  forgive(client: number): void {
    const missing = this.saidTo(client) - new Set(this.#heard[client]).size;
    this.#expected -= missing - (this.#forgiven[client] ?? 0);
    this.#forgiven[client] = missing;
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
    return sumVerdicts([...this.#rooms.values()].map((room) => checkRoom(this.#recordOf(room))));
  }

  /** By client: the messages of its room that it never heard while others did, ascending. */
  missedBy(): number[][] {
    const missed: number[][] = this.#heard.map(() => []);
    for (const room of this.#rooms.values()) {
      missedBy(this.#recordOf(room)).forEach((numbers, member) => {
        missed[room.members[member] as number] = numbers;
      });
    }
    return missed;
  }

  #recordOf({ members, senders }: Room): RoomRecord {
    return { senders, heard: members.map((client) => this.#heard[client] ?? []) };
  }
}
