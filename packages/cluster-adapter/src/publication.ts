export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [field: string]: JsonValue };

/** An event for everybody in a room, that is kept in the room's history. */
export interface Publication {
  /** The Socket.IO room. */
  readonly room: string;
  readonly event: string;
  /** The event's one argument, to which `id` and `sentAt` are added at its head. */
  readonly data: Readonly<Record<string, JsonValue>>;
  /** Publishing the same key to the same room again returns the first publication and does nothing else. */
  readonly idempotencyKey: readonly [string, ...string[]];
}

export interface Published {
  /** Position in the room's history. */
  readonly id: string;
  /** Milliseconds since the epoch, by Redis's clock. */
  readonly sentAt: number;
  /** True where the idempotency key was known. */
  readonly duplicate: boolean;
}
