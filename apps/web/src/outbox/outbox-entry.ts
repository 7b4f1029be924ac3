import { isRecord } from '../storage/json-shelf.ts';

/** A message written and not yet known to be in its room. */
export interface OutboxEntry {
  readonly room: string;
  readonly text: string;
  /** The same on every attempt, which is what makes a resend harmless. */
  readonly clientId: string;
  /** Milliseconds since the epoch, by this device's clock. */
  readonly writtenAt: number;
  /** When it was first handed to a gateway, or first again after the user asked for it; from then on it may be in the room. */
  readonly firstSentAt: number | undefined;
  /** True once it was handed to a gateway at all. */
  readonly handedOver: boolean;
  /** Attempts since it last waited for the connection or the user. */
  readonly attempts: number;
  readonly phase: OutboxPhase;
}

export type OutboxPhase =
  | { readonly kind: 'waiting' }
  /** `automatic` where it is tried again by itself when the connection returns. */
  | { readonly kind: 'failed'; readonly reason: string; readonly automatic: boolean };

/** What of a remembered outbox is usable. */
export function parseOutbox(stored: unknown): readonly OutboxEntry[] | undefined {
  if (!Array.isArray(stored)) return undefined;
  return stored.flatMap((entry: unknown) => parseEntry(entry) ?? []);
}

function parseEntry(stored: unknown): OutboxEntry | undefined {
  if (!isRecord(stored)) return undefined;
  const { room, text, clientId, writtenAt, firstSentAt, handedOver, phase } = stored;
  if (typeof room !== 'string' || typeof text !== 'string' || typeof clientId !== 'string') return undefined;
  return {
    room,
    text,
    clientId,
    writtenAt: typeof writtenAt === 'number' ? writtenAt : 0,
    firstSentAt: typeof firstSentAt === 'number' ? firstSentAt : undefined,
    handedOver: handedOver === true,
    attempts: 0,
    phase: parsePhase(phase),
  };
}

function parsePhase(stored: unknown): OutboxPhase {
  if (!isRecord(stored) || stored['kind'] !== 'failed' || typeof stored['reason'] !== 'string') {
    return { kind: 'waiting' };
  }
  return { kind: 'failed', reason: stored['reason'], automatic: stored['automatic'] === true };
}
