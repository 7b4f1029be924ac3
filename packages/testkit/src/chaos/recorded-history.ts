/** Something that a client did or lived through, in one room or all. */
interface Lived {
  readonly client: string;
  /** Which of its connections, from 1. */
  readonly connection: number;
}

export type HistoryEvent = { readonly atMs: number } & (
  | /** A connection stands. `recovered` is what the client was told with it. */ ({
      readonly kind: 'connected';
      readonly recovered: boolean;
      readonly node: string;
    } & Lived)
  | /** The server's `session:ready`. */ ({
      readonly kind: 'ready';
      readonly recovered: boolean;
      readonly node: string;
      readonly reason?: string | undefined;
    } & Lived)
  | ({ readonly kind: 'disconnected'; readonly reason: string } & Lived)
  | ({ readonly kind: 'join-requested' | 'joined' | 'leave-requested'; readonly room: string } & Lived)
  | ({ readonly kind: 'join-refused'; readonly room: string; readonly code: string } & Lived)
  | ({ readonly kind: 'gap-said'; readonly rooms: readonly string[] } & Lived)
  | ({
      readonly kind: 'heard';
      readonly room: string;
      readonly id: string;
      readonly clientId: string;
    } & Lived)
  | {
      readonly kind: 'publish-sent';
      readonly client: string;
      readonly room: string;
      readonly clientId: string;
    }
  | {
      readonly kind: 'publish-acknowledged';
      readonly client: string;
      readonly room: string;
      readonly clientId: string;
      readonly id: string;
    }
  | {
      readonly kind: 'publish-refused';
      readonly client: string;
      readonly room: string;
      readonly clientId: string;
      readonly code: string;
    }
  | { readonly kind: 'trimmed'; readonly room: string }
  | { readonly kind: 'fault'; readonly text: string; readonly client?: string | undefined }
);

export type HistoryEventOf<Kind extends HistoryEvent['kind']> = Extract<HistoryEvent, { kind: Kind }>;

/** What stood in a room's own history when all was over. */
export interface RoomEntry {
  readonly id: string;
  readonly clientId: string;
}

/**
 * All that happened in a run: what was published, heard and said, in the order in which one recorder saw it, and each
 * room's history as read after everybody had time to hear the end of it.
 */
export interface RecordedHistory {
  readonly events: readonly HistoryEvent[];
  readonly rooms: ReadonlyMap<string, readonly RoomEntry[]>;
}
