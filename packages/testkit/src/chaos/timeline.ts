import type { HistoryEvent } from './recorded-history.ts';
import type { ShortHistory } from './shortest-history.ts';

const maxEntries = 40;

/** A short history for people: the violation, what happened in its order, and the rooms' histories. */
export function timeline({ history, violation }: ShortHistory): string {
  const began = history.events[0]?.atMs ?? 0;
  const lines = history.events.map((event) => describeEvent(event, began));
  const rooms = [...history.rooms].map(([room, entries]) => {
    const shown = entries.slice(-maxEntries).map(({ id, clientId }) => `"${clientId}" = ${id}`);
    const older = entries.length > maxEntries ? `(${entries.length - maxEntries} older) ` : '';
    return `  history of ${room}: ${older}${shown.join(', ') || 'empty'}`;
  });
  return [`${violation.kind}: ${violation.text}`, ...lines, ...rooms].join('\n');
}

/** One line about an event, with the seconds since `beganMs`. */
export function describeEvent(event: HistoryEvent, beganMs: number): string {
  const [who, what] = describe(event);
  const seconds = ((event.atMs - beganMs) / 1_000).toFixed(3);
  return `${seconds.padStart(9)} s  ${who.padEnd(12)} ${what}`;
}

function describe(event: HistoryEvent): [who: string, what: string] {
  switch (event.kind) {
    case 'connected':
      return [
        event.client,
        `connection ${event.connection} stands, ${recovery(event.recovered)}, to ${event.node}`,
      ];
    case 'ready': {
      const reason = event.reason === undefined ? '' : ` (${event.reason})`;
      return [event.client, `is told it is ready at ${event.node}, ${recovery(event.recovered)}${reason}`];
    }
    case 'disconnected':
      return [event.client, `connection ${event.connection} ends: ${event.reason}`];
    case 'join-requested':
      return [event.client, `asks to join ${event.room}`];
    case 'joined':
      return [event.client, `is acknowledged as a member of ${event.room}`];
    case 'join-refused':
      return [event.client, `does not join ${event.room}: ${event.code}`];
    case 'leave-requested':
      return [event.client, `leaves ${event.room}`];
    case 'gap-said':
      return [event.client, `is told of a gap in ${event.rooms.join(', ')}`];
    case 'heard':
      return [event.client, `hears "${event.clientId}" = ${event.id} in ${event.room}`];
    case 'publish-sent':
      return [event.client, `publishes "${event.clientId}" to ${event.room}`];
    case 'publish-acknowledged':
      return [event.client, `is told that "${event.clientId}" is ${event.id} in ${event.room}`];
    case 'publish-refused':
      return [event.client, `is refused "${event.clientId}": ${event.code}`];
    case 'trimmed':
      return ['', `the log of ${event.room} is trimmed`];
    case 'fault':
      return ['', `-- ${event.text}`];
  }
}

function recovery(recovered: boolean): string {
  return recovered ? 'recovered' : 'fresh';
}
