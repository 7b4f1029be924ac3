import type { HistoryEvent, RecordedHistory } from './recorded-history.ts';

/**
 * One client's membership of one room over a chain of connections, each of which the server said to have recovered. What a
 * chain hears has no hole.
 */
export interface MembershipChain {
  readonly client: string;
  readonly room: string;
  /** Index of the event since which its messages count: the request to join, or the gap that was said. */
  readonly begin: number;
  /** Index of the event from which on it must hear everything: the join's acknowledgement, or the gap. */
  readonly member: number;
  /** Index of the event that ended it; the number of all events where it lasted to the end. */
  readonly end: number;
  /** True where it lasted to the end of the run, when everything had been delivered. */
  readonly lasted: boolean;
  /** Indices of its receipts. */
  readonly heard: readonly number[];
  /** Indices of the connections that said `recovered`. */
  readonly recoveries: readonly number[];
}

type OpenChain = Omit<MembershipChain, 'end' | 'lasted' | 'heard' | 'recoveries'> & {
  readonly heard: number[];
  readonly recoveries: number[];
};

interface PendingJoin {
  readonly begin: number;
  readonly heard: number[];
}

/** Follows one client through its connections and rooms. */
class ClientChains {
  readonly chains: MembershipChain[] = [];
  readonly #client: string;
  readonly #open = new Map<string, OpenChain>();
  readonly #pending = new Map<string, PendingJoin>();
  /** Rooms left that have not been joined since: what still comes may be from before. */
  readonly #left = new Set<string>();

  constructor(client: string) {
    this.#client = client;
  }

  take(event: HistoryEvent, index: number): void {
    switch (event.kind) {
      case 'connected':
        this.#pending.clear();
        if (!event.recovered) this.#startAnew(index);
        else for (const chain of this.#open.values()) chain.recoveries.push(index);
        break;
      case 'ready':
        if (!event.recovered) this.#startAnew(index);
        break;
      case 'join-requested':
        if (!this.#open.has(event.room)) this.#pending.set(event.room, { begin: index, heard: [] });
        break;
      case 'join-refused':
        this.#pending.delete(event.room);
        break;
      case 'joined':
        this.#join(event.room, index);
        break;
      case 'leave-requested':
        this.#pending.delete(event.room);
        this.#left.add(event.room);
        this.#close(event.room, index, false);
        break;
      case 'gap-said':
        for (const room of event.rooms) {
          if (!this.#open.has(room)) continue;
          this.#close(room, index, false);
          this.#begin(room, index, index, []);
        }
        break;
      case 'heard':
        (this.#open.get(event.room) ?? this.#pending.get(event.room))?.heard.push(index);
        break;
      case 'disconnected':
      case 'publish-sent':
      case 'publish-acknowledged':
      case 'publish-refused':
      case 'trimmed':
      case 'fault':
        break;
    }
  }

  closeAll(index: number, lasted: boolean): void {
    for (const room of this.#open.keys()) this.#close(room, index, lasted);
  }

  #startAnew(index: number): void {
    this.#left.clear();
    this.closeAll(index, false);
  }

  #join(room: string, index: number): void {
    const pending = this.#pending.get(room);
    const mayBeEarlier = this.#left.delete(room);
    this.#pending.delete(room);
    if (pending !== undefined && !this.#open.has(room)) {
      this.#begin(room, pending.begin, index, mayBeEarlier ? [] : pending.heard);
    }
  }

  #begin(room: string, begin: number, member: number, heard: number[]): void {
    this.#open.set(room, { client: this.#client, room, begin, member, heard, recoveries: [] });
  }

  #close(room: string, end: number, lasted: boolean): void {
    const chain = this.#open.get(room);
    if (chain === undefined) return;
    this.#open.delete(room);
    this.chains.push({ ...chain, end, lasted });
  }
}

/** All chains of all clients. */
export function membershipChains(history: RecordedHistory): MembershipChain[] {
  const clients = new Map<string, ClientChains>();
  for (const [index, event] of history.events.entries()) {
    if (!('connection' in event)) continue;
    const client = clients.get(event.client) ?? new ClientChains(event.client);
    clients.set(event.client, client);
    client.take(event, index);
  }
  const all = [...clients.values()];
  for (const client of all) client.closeAll(history.events.length, true);
  return all.flatMap((client) => client.chains);
}
