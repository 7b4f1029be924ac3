import { checkHistory, type HistoryCheckOptions } from './history-checker.ts';
import type { HistoryEvent, RecordedHistory } from './recorded-history.ts';
import { messageKey } from './room-order.ts';
import type { Violation } from './violation.ts';

export interface ShortHistory {
  readonly history: RecordedHistory;
  /** The same violation, as it shows in the short history. */
  readonly violation: Violation;
}

/** Faults shown beside what is left; they explain and prove nothing. */
const maxFaults = 12;

/**
 * Leaves out of a history what a violation does not need, as long as the checker still finds it: other rooms, other
 * clients, messages, resends, reconnections. What is left out always goes as a whole, a message with all its receipts, so
 * that leaving out makes no violation of its own.
 */
export function shortestHistory(
  history: RecordedHistory,
  violation: Violation,
  options: HistoryCheckOptions = {},
): ShortHistory {
  const still = (candidate: RecordedHistory): Violation | undefined =>
    checkHistory(candidate, options).find((found) => isSame(found, violation));
  const units = unitsOf(history, violation);
  const without = (left: ReadonlySet<string>): RecordedHistory => keep(history, units, left);
  const all = new Set([...units.ofEvents.flat(), ...[...units.ofEntries.values()].flat()]);
  // Whole rooms and clients first: most of a history goes with them, and every later look at it is the faster for it.
  const [wide = [], narrow = []] = [true, false].map((isWide) =>
    [...all].filter((unit) => /^(room|client) /.test(unit) === isWide),
  );
  const neededWide = withoutUnneeded(
    wide,
    (left) => still(without(new Set([...left, ...narrow]))) !== undefined,
  );
  const needed = withoutUnneeded(
    narrow,
    (left) => still(without(new Set([...neededWide, ...left]))) !== undefined,
  );
  const short = withFaults(without(new Set([...neededWide, ...needed])), history);
  const found = still(short);
  return found === undefined ? { history, violation } : { history: short, violation: found };
}

/** Delta debugging: drops ever smaller parts of `all` while what is left passes `suffices`. */
function withoutUnneeded(all: readonly string[], suffices: (left: readonly string[]) => boolean): string[] {
  let left = [...all];
  for (let size = Math.ceil(left.length / 2); size >= 1;) {
    let dropped = false;
    for (let start = 0; start < left.length;) {
      const rest = [...left.slice(0, start), ...left.slice(start + size)];
      if (suffices(rest)) {
        left = rest;
        dropped = true;
      } else {
        start += size;
      }
    }
    if (size > 1) size = Math.ceil(size / 2);
    else if (!dropped) break;
  }
  return left;
}

function isSame(found: Violation, wanted: Violation): boolean {
  return (
    found.kind === wanted.kind &&
    found.room === wanted.room &&
    found.client === wanted.client &&
    (found.text === wanted.text || found.ids.some((id) => wanted.ids.includes(id)))
  );
}

/** To what each event and entry belongs that can be left out; one with several goes with any of them. */
interface Units {
  readonly ofEvents: readonly (readonly string[])[];
  readonly ofEntries: ReadonlyMap<string, readonly string[]>;
}

function unitsOf(history: RecordedHistory, violation: Violation): Units {
  const sent = new Set<string>();
  const whereabouts = new Set(violation.span.flatMap((until) => whereaboutsAt(history, violation, until)));
  const ofEvents = history.events.map((event, index) => {
    if (whereabouts.has(index)) return [];
    const units = eventUnits(event, index, violation);
    if (event.kind === 'publish-sent') {
      const key = messageKey(event.room, event.clientId);
      if (sent.has(key)) units.push(`resend ${index}`);
      sent.add(key);
    }
    return units;
  });
  const ofEntries = new Map(
    [...history.rooms].flatMap(([room, entries]) =>
      entries.map(({ clientId }) => {
        const key = messageKey(room, clientId);
        return [key, [`room ${room}`, `message ${key}`]] as const;
      }),
    ),
  );
  return { ofEvents, ofEntries };
}

/** Where the client was at a time, for who reads it: the connection and what was said about it. */
function whereaboutsAt({ events }: RecordedHistory, { client }: Violation, until: number): number[] {
  const isOfClient = (event: HistoryEvent | undefined, kind: 'connected' | 'ready'): boolean =>
    event?.kind === kind && event.client === client;
  const connected = events.findLastIndex((event, index) => index <= until && isOfClient(event, 'connected'));
  const ready = events.findIndex((event, index) => index > connected && isOfClient(event, 'ready'));
  return ready > until ? [connected] : [connected, ready];
}

function eventUnits(event: HistoryEvent, index: number, violation: Violation): string[] {
  switch (event.kind) {
    case 'publish-sent':
    case 'publish-acknowledged':
    case 'publish-refused':
      return [`room ${event.room}`, `message ${messageKey(event.room, event.clientId)}`];
    case 'heard':
      return [
        `room ${event.room}`,
        `message ${messageKey(event.room, event.clientId)}`,
        ...partOfClient(event, index, violation),
      ];
    case 'trimmed':
      // It excuses; without it there would be more to blame.
      return violation.room === undefined ? [] : [`room ${event.room}`];
    case 'fault':
      return [];
    case 'join-requested':
    case 'joined':
    case 'join-refused':
    case 'leave-requested':
      return [`room ${event.room}`, ...partOfClient(event, index, violation)];
    case 'connected':
    case 'ready':
    case 'disconnected':
    case 'gap-said':
      return partOfClient(event, index, violation);
  }
}

/** What a client lived through: of the one concerned, what came before and after, and each recovered reconnection. */
function partOfClient(
  event: Extract<HistoryEvent, { connection: number }>,
  index: number,
  { client, span: [first, last] }: Violation,
): string[] {
  if (event.client !== client) return [`client ${event.client}`];
  if (index < first) return ['before'];
  if (index > last) return ['after'];
  if (event.kind === 'disconnected') return [`reconnection ${event.connection + 1}`];
  const reconnects = (event.kind === 'connected' || event.kind === 'ready') && event.recovered;
  return reconnects ? [`reconnection ${event.connection}`] : [];
}

function keep(history: RecordedHistory, units: Units, left: ReadonlySet<string>): RecordedHistory {
  const stays = (needs: readonly string[] = []): boolean => needs.every((unit) => left.has(unit));
  const isKept = (event: HistoryEvent, index: number): boolean =>
    event.kind !== 'fault' && stays(units.ofEvents[index]);
  const rooms = [...history.rooms].map(([room, entries]) => {
    const kept = entries.filter(({ clientId }) => stays(units.ofEntries.get(messageKey(room, clientId))));
    return [room, kept] as const;
  });
  const events = history.events.filter(isKept);
  const touched = new Set(events.flatMap((event) => ('room' in event ? [event.room] : [])));
  return {
    events,
    rooms: new Map(rooms.filter(([room, entries]) => entries.length > 0 || touched.has(room))),
  };
}

/** Adds the last faults of the time between the first and the last event, but for those of other clients. */
function withFaults(short: RecordedHistory, whole: RecordedHistory): RecordedHistory {
  const clients = new Set(short.events.flatMap((event) => ('connection' in event ? [event.client] : [])));
  const kept = new Set<HistoryEvent>(short.events);
  const between = whole.events.slice(
    whole.events.findIndex((event) => kept.has(event)),
    whole.events.findLastIndex((event) => kept.has(event)) + 1,
  );
  const faults = between.filter(
    (event) => event.kind === 'fault' && (event.client === undefined || clients.has(event.client)),
  );
  const shown = new Set<HistoryEvent>([...short.events, ...faults.slice(-maxFaults)]);
  return { events: whole.events.filter((event) => shown.has(event)), rooms: short.rooms };
}
