export const violationKinds = [
  /** A member did not hear a message. */
  'lost',
  /** The same, between two connections of which the later said that it had recovered all, and no gap was said. */
  'unsaid-gap',
  /** A client heard a message twice, or one publication became two messages. */
  'duplicated',
  /** A client heard messages in another order than the room's. */
  'reordered',
  /** A message was acknowledged or heard that the room's history does not have. */
  'not-in-history',
  /** A client came back in time and was not recovered; only where recovery is required. */
  'not-recovered',
] as const;

export type ViolationKind = (typeof violationKinds)[number];

export interface Violation {
  readonly kind: ViolationKind;
  /** For people, in one sentence. */
  readonly text: string;
  /** Nothing where it is about all rooms. */
  readonly room?: string;
  /** Nothing where no client is to blame. */
  readonly client?: string;
  /** The messages it is about, in order. */
  readonly ids: readonly string[];
  /** Indices of the first and the last event that it takes to see it. */
  readonly span: readonly [first: number, last: number];
}

/** As an error message has it: a few of them and how many there are. */
export function someOf(ids: readonly string[]): string {
  const shown = ids.slice(0, 3).join(', ');
  return ids.length > 3 ? `${shown} and ${ids.length - 3} more` : shown;
}
