import type { HistoryEventOf, RecordedHistory } from './recorded-history.ts';
import type { Violation } from './violation.ts';

/** What is known of one client's present or last connection. */
interface Presence {
  readonly connected: number;
  lastLeftMs: number | undefined;
  /** One of its rooms was trimmed since. */
  trimmed: boolean;
}

/** Connections that were fresh though the client was back within `windowMs` and nothing had been trimmed behind it. */
export function unrecovered(history: RecordedHistory, windowMs: number): Violation[] {
  const violations: Violation[] = [];
  const presences = new Map<string, Presence>();
  const rooms = new Map<string, Set<string>>();
  for (const [index, event] of history.events.entries()) {
    switch (event.kind) {
      case 'joined': {
        const ofClient = rooms.get(event.client) ?? new Set();
        rooms.set(event.client, ofClient.add(event.room));
        break;
      }
      case 'trimmed':
        for (const [client, presence] of presences) {
          if (rooms.get(client)?.has(event.room) === true) presence.trimmed = true;
        }
        break;
      case 'disconnected': {
        const presence = presences.get(event.client);
        if (presence !== undefined) presence.lastLeftMs = event.atMs;
        break;
      }
      case 'connected': {
        const before = presences.get(event.client);
        if (!event.recovered && before !== undefined && !before.trimmed) {
          violations.push(...tooFresh(event, before, index, history, windowMs));
        }
        presences.set(event.client, { connected: index, lastLeftMs: undefined, trimmed: false });
        break;
      }
      case 'ready':
      case 'join-requested':
      case 'join-refused':
      case 'leave-requested':
      case 'gap-said':
      case 'heard':
      case 'publish-sent':
      case 'publish-acknowledged':
      case 'publish-refused':
      case 'fault':
        break;
    }
  }
  return violations;
}

function tooFresh(
  { client, connection, node, atMs }: HistoryEventOf<'connected'>,
  before: Presence,
  index: number,
  history: RecordedHistory,
  windowMs: number,
): Violation[] {
  const awayMs = atMs - (before.lastLeftMs ?? atMs);
  if (awayMs >= windowMs) return [];
  const said = history.events.find(
    (event, at): event is HistoryEventOf<'ready'> =>
      at > index && event.kind === 'ready' && event.client === client && event.connection === connection,
  );
  const reason = said?.reason === undefined ? '' : ` (${said.reason})`;
  const text = `${client} came back after ${Math.round(awayMs)} ms to ${node} and was not recovered${reason}`;
  return [{ kind: 'not-recovered', client, ids: [], span: [before.connected, index], text }];
}
