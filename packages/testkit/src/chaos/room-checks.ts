import type { MembershipChain } from './membership-chains.ts';
import type { HistoryEventOf, RecordedHistory, RoomEntry } from './recorded-history.ts';
import { compareIds, messageKey, type RoomOrder } from './room-order.ts';
import { someOf, type Violation } from './violation.ts';

/** What one client heard in one room, as indices of events. */
export interface Receipts {
  readonly client: string;
  readonly room: string;
  readonly indices: readonly number[];
}

/** What is missing from a chain, a run of missing messages at a time. */
export function missingIn(
  chain: MembershipChain,
  order: RoomOrder,
  heardEver: ReadonlySet<string>,
  history: RecordedHistory,
): Violation[] {
  const positions = chain.heard
    .map((index) => ({ index, position: order.indexOf.get(heardAt(history, index).id) ?? 0 }))
    .toSorted((a, b) => a.position - b.position);
  const first = firstOwed(chain, order, positions[0]?.position);
  const last = chain.lasted ? order.ids.length - 1 : (positions.at(-1)?.position ?? -1);
  const runs: Violation[] = [];
  let next = 0;
  let run: string[] = [];
  const report = (before: number, after: number): void => {
    if (run.length > 0) runs.push(describeMissing(chain, run, before, after));
    run = [];
  };
  let before = chain.member;
  for (let position = first; position <= last; position++) {
    const id = order.ids[position] ?? '';
    if (positions[next]?.position === position) {
      const { index } = positions[next] as { index: number };
      report(before, index);
      before = index;
      while (positions[next]?.position === position) next++;
    } else if (!heardEver.has(id)) {
      run.push(id);
    }
  }
  report(before, chain.end);
  return runs;
}

/** Where what a chain must hear begins: with the first it heard, or the first that was sent once it was a member. */
function firstOwed(chain: MembershipChain, order: RoomOrder, firstHeard = Infinity): number {
  const sent = order.ids.findIndex((id) => (order.sentAt.get(id) ?? -1) > chain.member);
  return Math.min(firstHeard, sent < 0 ? Infinity : sent);
}

function describeMissing(
  chain: MembershipChain,
  ids: readonly string[],
  before: number,
  after: number,
): Violation {
  const { client, room } = chain;
  const span = [chain.begin, Math.max(before, after)] as const;
  const recovered = chain.recoveries.some((index) => index > before && index < after);
  const what = `${client} never heard ${ids.length} of ${room} (${someOf(ids)})`;
  return recovered
    ? { kind: 'unsaid-gap', client, room, ids, span, text: `${what}, though it was told it recovered all` }
    : { kind: 'lost', client, room, ids, span, text: `${what}, though it was a member` };
}

/** What a client heard twice, and what it heard after something later. */
export function disorderIn({ client, room, indices }: Receipts, history: RecordedHistory): Violation[] {
  const violations: Violation[] = [];
  const firstHeard = new Map<string, number>();
  let latest: { id: string; index: number } | undefined;
  for (const index of indices) {
    const { id } = heardAt(history, index);
    const earlier = firstHeard.get(id);
    if (earlier !== undefined) {
      const text = `${client} heard ${id} of ${room} twice`;
      violations.push({ kind: 'duplicated', client, room, ids: [id], span: [earlier, index], text });
      continue;
    }
    firstHeard.set(id, index);
    if (latest !== undefined && compareIds(id, latest.id) < 0) {
      const text = `${client} heard ${latest.id} of ${room} before ${id}`;
      const span = [latest.index, index] as const;
      violations.push({ kind: 'reordered', client, room, ids: [id, latest.id], span, text });
    } else {
      latest = { id, index };
    }
  }
  return violations;
}

/** What speaks against a room's history itself. */
export function faultsOfRoom(room: string, history: RecordedHistory, trimmed: boolean): Violation[] {
  const entries = history.rooms.get(room) ?? [];
  return [...disorderOfEntries(room, entries, history), ...absentFrom(room, entries, history, trimmed)];
}

function disorderOfEntries(
  room: string,
  entries: readonly RoomEntry[],
  history: RecordedHistory,
): Violation[] {
  const violations: Violation[] = [];
  const span = [0, history.events.length] as const;
  const idOf = new Map<string, string>();
  for (const [index, { id, clientId }] of entries.entries()) {
    const before = entries[index - 1];
    if (before !== undefined && compareIds(before.id, id) >= 0) {
      const text = `the history of ${room} has ${before.id} before ${id}`;
      violations.push({ kind: 'reordered', room, ids: [id, before.id], span, text });
    }
    const first = idOf.get(clientId);
    if (first === undefined) {
      idOf.set(clientId, id);
    } else {
      const text = `"${clientId}" was published once and is in the history of ${room} as ${first} and ${id}`;
      violations.push({ kind: 'duplicated', room, ids: [first, id], span, text });
    }
  }
  return violations;
}

function absentFrom(
  room: string,
  entries: readonly RoomEntry[],
  history: RecordedHistory,
  trimmed: boolean,
): Violation[] {
  const clientIdOf = new Map(entries.map(({ id, clientId }) => [id, clientId]));
  const oldest = entries[0]?.id;
  const gone = (id: string): boolean => trimmed && (oldest === undefined || compareIds(id, oldest) < 0);
  const reported = new Set<string>();
  const violations: Violation[] = [];
  for (const [index, event] of history.events.entries()) {
    if (event.kind !== 'heard' && event.kind !== 'publish-acknowledged') continue;
    const { id, clientId, client } = event;
    if (event.room !== room || clientIdOf.get(id) === clientId || gone(id)) continue;
    const key = messageKey(event.kind, id);
    if (reported.has(key)) continue;
    reported.add(key);
    const how = event.kind === 'heard' ? 'heard by' : 'acknowledged to';
    const text = `${id} ("${clientId}") was ${how} ${client} and is not in the history of ${room}`;
    violations.push({ kind: 'not-in-history', room, client, ids: [id], span: [index, index], text });
  }
  return violations;
}

function heardAt(history: RecordedHistory, index: number): HistoryEventOf<'heard'> {
  return history.events[index] as HistoryEventOf<'heard'>;
}
