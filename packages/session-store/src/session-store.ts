/** Everything a returning client is restored from. */
export interface Session {
  /** The private id by which the client names its session (Socket.IO's `pid`). */
  readonly pid: string;
  /** The public id of its socket, which it keeps. */
  readonly sid: string;
  readonly namespace: string;
  /** Whose session it is; empty where the application does not say. */
  readonly user: string;
  /** The node that holds its socket, or held it last. */
  readonly owner: string;
  /** Position before which there is nothing to give to the client: it began here, or has been given all until here. */
  readonly start: string;
  /** Each room with the position at which it was joined. */
  readonly rooms: Readonly<Record<string, string>>;
  /** The application's data, as JSON text. */
  readonly data: string;
  /** Raised by each claim; who holds an older one is fenced. */
  readonly generation: number;
}

export type NewSession = Omit<Session, 'generation'>;

/** Names a session together with the right to write it. */
export interface SessionHold {
  readonly pid: string;
  readonly generation: number;
}

export interface SessionChange {
  /** Rooms joined since the last save, with their positions. */
  readonly joined?: Readonly<Record<string, string>>;
  readonly left?: readonly string[];
  readonly data?: string;
  /** What the client is known to have been given everything up to. */
  readonly start?: string;
}

export interface Claimant {
  readonly namespace: string;
  readonly user: string;
  /** The node that claims. */
  readonly owner: string;
}

export type Claim =
  | { readonly kind: 'claimed'; readonly session: Session; readonly previousOwner: string }
  /** No such session, or no longer. */
  | { readonly kind: 'unknown' }
  /** Another user's or another namespace's; it is left as it was. */
  | { readonly kind: 'foreign' };

/**
 * Sessions, written ahead of need: a node that dies loses none. Each lives for at least `maxDisconnectionMs` after its
 * last `create`, `save`, `claim` or `touch`. Every method rejects with redis-core's coded errors where the store is away.
 */
export interface SessionStore {
  readonly maxDisconnectionMs: number;
  /** How often sockets that live must be touched, in milliseconds. */
  readonly touchEveryMs: number;
  /** Generation 1. */
  create(session: NewSession): Promise<void>;
  /** Resolves to false where the hold is fenced or the session gone; nothing is written then. */
  save(hold: SessionHold, change: SessionChange): Promise<boolean>;
  /** Raises the generation. Does not consume: a recovery that is cut in half can be tried again. */
  claim(pid: string, claimant: Claimant): Promise<Claim>;
  /** Extends lives; resolves to those of `holds` that are fenced or gone. */
  touch(holds: readonly SessionHold[]): Promise<SessionHold[]>;
  /** Ends a session, unless the hold is fenced. */
  remove(hold: SessionHold): Promise<void>;
}
