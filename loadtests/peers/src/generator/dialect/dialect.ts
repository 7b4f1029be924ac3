/** What a frame that is no delivery means to a client. */
export type Answer =
  | { readonly kind: 'say'; readonly frame: string }
  /** @property recovered true where the server says that nothing is missing: the client is in its room as before */
  | { readonly kind: 'admitted'; readonly recovered: boolean }
  /** @property missed the numbers of what was said while it was away, where the answer itself carries it */
  | { readonly kind: 'joined'; readonly recovered: boolean; readonly missed: readonly number[] }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'nothing' };

/**
 * How one client speaks, over one connection after the other: Engine.IO 4 and Socket.IO 5 by hand, or the floor's three
 * words. It remembers what the client has to say of itself when it comes back.
 */
export interface Dialect {
  /** Path and query to connect to. */
  readonly path: string;
  /** What a client does first, once its connection is open. */
  open(): Answer;
  /** What one WebSocket message holds. */
  framesOf(message: Buffer): readonly Buffer[];
  /** The number of the message that a frame delivers, which is noted as heard; undefined where it is no delivery. */
  hear(frame: Buffer): number | undefined;
  /** @param identity who the client is: a name, or a token for those who check */
  answer(frame: string, identity: string): Answer;
  join(room: string): string;
  message(room: string, text: string): string;
}

export type DialectName = 'floor' | 'socket-io' | 'chat' | 'centrifugo';
