import { isRecord } from '../storage/json-shelf.ts';
import type { Position } from '../timeline/message-order.ts';

/** What outlives the page: which rooms, how far each was read, which was open. */
export interface RememberedRooms {
  readonly rooms: readonly RememberedRoom[];
  readonly openRoom: string | undefined;
}

interface RememberedRoom {
  readonly name: string;
  readonly lastRead: Position | undefined;
}

/** What of remembered rooms is usable. */
export function parseRememberedRooms(stored: unknown): RememberedRooms | undefined {
  if (!isRecord(stored) || !Array.isArray(stored['rooms'])) return undefined;
  const rooms = stored['rooms'].flatMap((room: unknown) => parseRoom(room) ?? []);
  const openRoom = rooms.find((room) => room.name === stored['openRoom'])?.name;
  return { rooms, openRoom };
}

function parseRoom(stored: unknown): RememberedRoom | undefined {
  if (!isRecord(stored) || typeof stored['name'] !== 'string') return undefined;
  return { name: stored['name'], lastRead: parsePosition(stored['lastRead']) };
}

function parsePosition(stored: unknown): Position | undefined {
  if (!isRecord(stored) || typeof stored['id'] !== 'string' || typeof stored['sentAt'] !== 'number') {
    return undefined;
  }
  return { id: stored['id'], sentAt: stored['sentAt'] };
}
