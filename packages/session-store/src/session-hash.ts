import type { NewSession, Session, SessionChange } from './session-store.ts';

// No other field begins so: a room may have any name.
const roomPrefix = 'r:';

/** Fields and values of a new session's hash, in turn. */
export function fieldsOf(session: NewSession): string[] {
  const { namespace, user, owner, start, rooms, data } = session;
  const named = Object.entries({ namespace, user, owner }).flat();
  return [...named, ...changedFieldsOf({ joined: rooms, data, start })];
}

export function changedFieldsOf({ joined = {}, data, start }: SessionChange): string[] {
  const fields = Object.entries(joined).flatMap(([room, position]) => [roomPrefix + room, position]);
  if (data !== undefined) fields.push('data', data);
  if (start !== undefined) fields.push('start', start);
  return fields;
}

export function roomFields(rooms: readonly string[]): string[] {
  return rooms.map((room) => roomPrefix + room);
}

/** Reads fields and values, in turn, as HGETALL has them. */
export function parseSession(
  pid: string,
  reply: readonly string[],
): { session: Session; previousOwner: string } {
  const fields = new Map<string, string>();
  const rooms: [string, string][] = [];
  for (let i = 0; i + 1 < reply.length; i += 2) {
    const [field, value] = [reply[i] as string, reply[i + 1] as string];
    if (field.startsWith(roomPrefix)) rooms.push([field.slice(roomPrefix.length), value]);
    else fields.set(field, value);
  }
  const text = (field: string): string => fields.get(field) ?? '';
  const session = {
    pid,
    sid: text('sid'),
    namespace: text('namespace'),
    user: text('user'),
    owner: text('owner'),
    start: text('start'),
    rooms: roomRecord(rooms),
    data: text('data'),
    generation: Number(text('generation')),
  };
  return { session, previousOwner: text('previousOwner') };
}

/** Without a prototype, so that a room called `constructor` or `__proto__` is like any other. */
export function roomRecord(rooms: Iterable<readonly [string, string]>): Record<string, string> {
  const record = Object.create(null) as Record<string, string>;
  for (const [room, position] of rooms) record[room] = position;
  return record;
}
