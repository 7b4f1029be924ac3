import { membershipChains } from './membership-chains.ts';
import { unrecovered } from './recovery-check.ts';
import type { RecordedHistory } from './recorded-history.ts';
import { disorderIn, faultsOfRoom, missingIn, type Receipts } from './room-checks.ts';
import { roomOrders } from './room-order.ts';
import type { Violation } from './violation.ts';

export interface HistoryCheckOptions {
  /**
   * Where given, a client that comes back within so many milliseconds must be recovered, unless a room of its was trimmed
   * behind it.
   */
  readonly recoveryWindowMs?: number | undefined;
}

/**
 * Decides from a recorded history alone whether the promises were kept, and returns every breach, in the order in which
 * they show:
 *
 * - A member hears, in each chain of recovered connections, everything from the acknowledgement of its join (or a gap that
 *   was said) on: without a hole, and to the end where the chain lasted. A fresh session, a leave or a said gap end a chain.
 * - Nobody hears a message twice, across all connections.
 * - Everybody hears the messages of a room in the order of their ids, which is the order of the room's history.
 * - What was acknowledged or heard is in the history, once, unless the room was trimmed and it is older than the rest.
 */
export function checkHistory(history: RecordedHistory, options: HistoryCheckOptions = {}): Violation[] {
  const orders = roomOrders(history);
  const receipts = receiptsOf(history);
  const trimmed = new Set(history.events.flatMap((event) => (event.kind === 'trimmed' ? [event.room] : [])));
  const heardEver = new Map(
    receipts.map(({ client, room, indices }) => {
      const ids = indices.map((index) => (history.events[index] as { id: string }).id);
      return [receiptsKey(client, room), new Set(ids)];
    }),
  );
  const violations = [
    ...[...orders.keys()].flatMap((room) => faultsOfRoom(room, history, trimmed.has(room))),
    ...receipts.flatMap((ofRoom) => disorderIn(ofRoom, history)),
    ...membershipChains(history).flatMap((chain) => {
      const order = orders.get(chain.room);
      const heard = heardEver.get(receiptsKey(chain.client, chain.room)) ?? new Set();
      return order === undefined ? [] : missingIn(chain, order, heard, history);
    }),
    ...(options.recoveryWindowMs === undefined ? [] : unrecovered(history, options.recoveryWindowMs)),
  ];
  return violations.toSorted((a, b) => a.span[1] - b.span[1]);
}

function receiptsOf(history: RecordedHistory): Receipts[] {
  const receipts = new Map<string, { client: string; room: string; indices: number[] }>();
  for (const [index, event] of history.events.entries()) {
    if (event.kind !== 'heard') continue;
    const { client, room } = event;
    const key = receiptsKey(client, room);
    const ofRoom = receipts.get(key) ?? { client, room, indices: [] };
    receipts.set(key, ofRoom);
    ofRoom.indices.push(index);
  }
  return [...receipts.values()];
}

function receiptsKey(client: string, room: string): string {
  return `${client}\n${room}`;
}
