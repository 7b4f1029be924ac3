import type { HistoryPage, Message } from '@sluice/protocol';
import type { Answer } from '../connection/wire.ts';
import { comparePositions, type Position } from './message-order.ts';
import type { HistoryRun } from './timeline.ts';

export interface ReadSinceOptions {
  /**
   * How far behind the anchor to read. Deliveries of different gateways may overtake each other, and an acknowledgement
   * overtakes deliveries, so that a message older than the newest one heard can still be missing.
   */
  readonly overlapMs: number;
  /** Pages after which to give up meeting the anchor. */
  readonly maxPages: number;
}

/**
 * Reads the history back from the newest message until it meets `anchor` and the overlap before it, or its beginning.
 * Without an anchor it reads one page. The first failure ends it and is returned.
 */
export async function readSince(
  read: (before: string | undefined) => Promise<Answer<HistoryPage>>,
  anchor: Position | undefined,
  options: ReadSinceOptions,
): Promise<Answer<HistoryRun>> {
  let messages: readonly Message[] = [];
  let before: string | undefined;
  for (let pages = 1; ; pages += 1) {
    const page = await read(before);
    if (!page.ok) return page;
    messages = [...page.messages, ...messages];
    const oldest = page.messages[0];
    if (!page.more || oldest === undefined) return { ok: true, messages, more: page.more, bridged: true };
    if (anchor === undefined) return { ok: true, messages, more: true, bridged: false };
    const bridged =
      comparePositions(oldest, anchor) <= 0 && oldest.sentAt <= anchor.sentAt - options.overlapMs;
    if (bridged || pages >= options.maxPages) return { ok: true, messages, more: true, bridged };
    before = oldest.id;
  }
}
