import type { Message } from '@sluice/protocol';
import type { OutboxEntry } from '../outbox/outbox-entry.ts';
import { comparePositions, type Position } from '../timeline/message-order.ts';

/** A message as it stands on the screen. */
export interface ShownMessage {
  /** The same before and after the acknowledgement, so that the row stays the same row. */
  readonly key: string;
  /** `undefined` until it is acknowledged. */
  readonly id: string | undefined;
  readonly clientId: string;
  readonly user: string;
  readonly text: string;
  /** Milliseconds since the epoch: Redis's clock once acknowledged, this device's before. */
  readonly at: number;
  readonly mine: boolean;
  readonly status: 'pending' | 'sent' | 'failed';
  readonly failure: string | undefined;
}

export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'new'; readonly key: string }
  | {
      readonly kind: 'message';
      readonly key: string;
      readonly message: ShownMessage;
      /** Begins, or ends, a run of messages of one user. */
      readonly first: boolean;
      readonly last: boolean;
    };

export interface RowsInput {
  readonly user: string;
  readonly messages: readonly Message[];
  /** The user's entries for this room, in the order written. */
  readonly outbox: readonly OutboxEntry[];
  /** Where the line "new" goes: before the first message of somebody else after it. */
  readonly newAfter: Position | undefined;
}

/** Messages of one user within it belong together. */
const runMs = 5 * 60_000;

function sentAs(message: Message, key: string, user: string): ShownMessage {
  const { id, clientId, text, sentAt } = message;
  const mine = message.user === user;
  return {
    key,
    id,
    clientId,
    user: message.user,
    text,
    at: sentAt,
    mine,
    status: 'sent',
    failure: undefined,
  };
}

function writtenAs(
  { clientId, text, writtenAt, phase }: OutboxEntry,
  key: string,
  user: string,
): ShownMessage {
  const failed = phase.kind === 'failed';
  return {
    key,
    id: undefined,
    clientId,
    user,
    text,
    at: writtenAt,
    mine: true,
    status: failed ? 'failed' : 'pending',
    failure: failed ? phase.reason : undefined,
  };
}

/** Everything to show: what the room holds, then what is still on its way to it. */
function shownMessages({ user, messages, outbox }: RowsInput): readonly ShownMessage[] {
  const keys = new Set<string>();
  const shown = messages.map((message) => {
    // A clientId may come again once the cluster has forgotten it; the id never does.
    const ownKey = `${message.user}\n${message.clientId}`;
    const key = keys.has(ownKey) ? message.id : ownKey;
    keys.add(key);
    return sentAs(message, key, user);
  });
  const waiting = outbox.flatMap((entry) => {
    const key = `${user}\n${entry.clientId}`;
    return keys.has(key) ? [] : writtenAs(entry, key, user);
  });
  return [...shown, ...waiting];
}

const dayOf = (at: number): string => new Date(at).toDateString();

/** Lays the messages out with separators of days, the line before what is new, and runs of one user. */
export function layOutRows(input: RowsInput): readonly Row[] {
  const rows: Row[] = [];
  const shown = shownMessages(input);
  let lineDrawn = input.newAfter === undefined;
  for (const [index, message] of shown.entries()) {
    const previous = shown[index - 1];
    const next = shown[index + 1];
    if (previous === undefined || dayOf(previous.at) !== dayOf(message.at)) {
      rows.push({ kind: 'day', key: `day ${dayOf(message.at)} ${message.key}`, at: message.at });
    }
    if (!lineDrawn && isNew(message, input.newAfter)) {
      lineDrawn = true;
      rows.push({ kind: 'new', key: 'new' });
    }
    const first = rows.at(-1)?.kind !== 'message' || !inOneRun(previous, message);
    const last = !inOneRun(message, next);
    rows.push({ kind: 'message', key: message.key, message, first, last });
  }
  return rows;
}

function isNew({ id, at, mine }: ShownMessage, after: Position | undefined): boolean {
  return !mine && after !== undefined && id !== undefined && comparePositions({ id, sentAt: at }, after) > 0;
}

function inOneRun(earlier: ShownMessage | undefined, later: ShownMessage | undefined): boolean {
  return (
    earlier !== undefined &&
    later !== undefined &&
    earlier.user === later.user &&
    later.at - earlier.at < runMs &&
    dayOf(earlier.at) === dayOf(later.at)
  );
}
