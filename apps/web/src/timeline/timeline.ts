import type { HistoryPage, Message } from '@sluice/protocol';
import { comparePositions, type Position } from './message-order.ts';

/** What may be missing between the messages held and the newest of the room. */
type Gap =
  | { readonly kind: 'none' }
  /** Nothing was read from the history yet. */
  | { readonly kind: 'unread' }
  /** The connection was lost when `anchor` was the newest message heard. */
  | { readonly kind: 'after'; readonly anchor: Position };

/**
 * The messages of one room that the page holds: in order, each id once, and, without a gap, every message between the
 * first and the last of them.
 */
export interface Timeline {
  readonly messages: readonly Message[];
  /** True where the history goes on before the first message held, or might. */
  readonly more: boolean;
  readonly gap: Gap;
}

/** What reading back from the newest message brought. */
export interface HistoryRun extends HistoryPage {
  /** True where it reaches back to what was known before, so that nothing lies between. */
  readonly bridged: boolean;
}

export const emptyTimeline: Timeline = { messages: [], more: true, gap: { kind: 'unread' } };

/** Both in order, each id once; the very `known` where nothing is new. */
function merge(known: readonly Message[], added: readonly Message[]): readonly Message[] {
  const ids = new Set(known.map((message) => message.id));
  const fresh: Message[] = [];
  for (const message of added) {
    if (ids.has(message.id)) continue;
    ids.add(message.id);
    fresh.push(message);
  }
  if (fresh.length === 0) return known;
  fresh.sort(comparePositions);
  const last = known.at(-1);
  const appends = last === undefined || comparePositions(last, fresh[0] as Message) < 0;
  return appends ? [...known, ...fresh] : [...known, ...fresh].toSorted(comparePositions);
}

/** Takes in one message delivered or acknowledged. */
export function hear(timeline: Timeline, message: Message): Timeline {
  const first = timeline.messages[0];
  // Before the part held, it would pretend that nothing lies between; scrolling back will bring it in its place.
  if (timeline.more && first !== undefined && comparePositions(message, first) < 0) return timeline;
  const messages = merge(timeline.messages, [message]);
  return messages === timeline.messages ? timeline : { ...timeline, messages };
}

/** Notes that deliveries may be missed from here on. A gap already open stays as it is: it reaches further back. */
export function openGap(timeline: Timeline): Timeline {
  if (timeline.gap.kind !== 'none') return timeline;
  const newest = timeline.messages.at(-1);
  if (newest === undefined) return { ...timeline, gap: { kind: 'unread' } };
  return { ...timeline, gap: { kind: 'after', anchor: { id: newest.id, sentAt: newest.sentAt } } };
}

/**
 * Closes the gap with a run of the history up to the newest message. Where the run does not reach what was known, the
 * older part is let go of, to be read again by scrolling back, rather than shown with a hole after it.
 */
export function closeGap(timeline: Timeline, run: HistoryRun): Timeline {
  const gap: Gap = { kind: 'none' };
  const runStart = run.messages[0];
  if (runStart === undefined) return { ...timeline, more: timeline.messages.length > 0 && run.more, gap };
  const kept = run.bridged
    ? timeline.messages
    : timeline.messages.filter((message) => comparePositions(message, runStart) >= 0);
  const first = kept[0];
  const runReachesFurther = first === undefined || comparePositions(runStart, first) <= 0;
  const more = run.more && (runReachesFurther || timeline.more);
  return { messages: merge(kept, run.messages), more, gap };
}

/** Takes in the page of the history before the first message held. */
export function prependOlder(timeline: Timeline, page: HistoryPage): Timeline {
  return { ...timeline, messages: merge(timeline.messages, page.messages), more: page.more };
}

/** Lets go of all but the newest `keep` messages once there are twice as many. */
export function trimOldest(timeline: Timeline, keep: number): Timeline {
  if (timeline.messages.length < keep * 2) return timeline;
  return { ...timeline, messages: timeline.messages.slice(-keep), more: true };
}
