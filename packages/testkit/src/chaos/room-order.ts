import type { RecordedHistory } from './recorded-history.ts';

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * The order of messages' ids, negative where `a` comes first: numbers between dashes, of any length, or else text. The
 * contract says that within a room ids are in the order of the history.
 */
export function compareIds(a: string, b: string): number {
  const left = a.split('-');
  const right = b.split('-');
  for (const [index, part] of left.entries()) {
    const other = right[index] ?? '';
    const difference = part.length - other.length || compareText(part, other);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** The one order of a room's messages, as far as anybody knows of them. */
export interface RoomOrder {
  readonly room: string;
  /** Every id that the history, an acknowledgement or a client names. */
  readonly ids: readonly string[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** When each was sent first, as an index into the recorded events; nothing for what nobody is known to have sent. */
  readonly sentAt: ReadonlyMap<string, number>;
}

/** The orders of all rooms. */
export function roomOrders(history: RecordedHistory): Map<string, RoomOrder> {
  const known = new Map<string, Map<string, string>>();
  const learn = (room: string, id: string, clientId: string): void => {
    const messages = known.get(room) ?? new Map<string, string>();
    known.set(room, messages);
    messages.set(id, clientId);
  };
  const firstSent = new Map<string, number>();
  for (const [index, event] of history.events.entries()) {
    if (event.kind === 'heard' || event.kind === 'publish-acknowledged') {
      learn(event.room, event.id, event.clientId);
    } else if (event.kind === 'publish-sent') {
      const key = messageKey(event.room, event.clientId);
      if (!firstSent.has(key)) firstSent.set(key, index);
    }
  }
  for (const [room, entries] of history.rooms) {
    for (const { id, clientId } of entries) learn(room, id, clientId);
  }
  return new Map(
    [...known].map(([room, messages]) => {
      const ids = [...messages.keys()].toSorted(compareIds);
      const sentAt = new Map<string, number>();
      for (const [id, clientId] of messages) {
        const index = firstSent.get(messageKey(room, clientId));
        if (index !== undefined) sentAt.set(id, index);
      }
      return [room, { room, ids, indexOf: new Map(ids.map((id, index) => [id, index])), sentAt }];
    }),
  );
}

/** Names a message across its resends. */
export function messageKey(room: string, clientId: string): string {
  return `${room}\n${clientId}`;
}
