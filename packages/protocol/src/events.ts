import type { z } from 'zod';
import type { ProtocolErrorCode, WireError } from './errors.ts';
import type {
  historyReadSchema,
  messageSendSchema,
  roomJoinSchema,
  roomLeaveSchema,
  typingSetSchema,
} from './schemas.ts';

/** A message of a room, as everybody hears and reads it. */
export interface Message {
  /** Opaque; within a room, ids sort in the order of the room's history. */
  readonly id: string;
  readonly room: string;
  readonly user: string;
  readonly text: string;
  /** Milliseconds since the epoch, by Redis's clock. */
  readonly sentAt: number;
  /** The sender's own id for it. */
  readonly clientId: string;
  /**
   * W3C Trace Context of its delivery. Only in `message:new`, only to a client that connected with `auth.trace` `on`, and
   * only where the message is sampled.
   */
  readonly traceparent?: string;
}

export interface SessionReady {
  readonly user: string;
  readonly nodeId: string;
  /** True where what was missed while away has been sent before this event. */
  readonly recovered: boolean;
  /**
   * Why it is not recovered (driver `lanes`): `new` brought no session, `off` asked not to, `unknown` expired or never
   * was, `foreign` another user's or namespace's, `offset` not one that was given out, `trimmed` and `lost` what was
   * missed is not kept any more.
   */
  readonly reason?: 'new' | 'off' | 'unknown' | 'foreign' | 'offset' | 'trimmed' | 'lost';
}

export interface TypingChanged {
  readonly room: string;
  readonly user: string;
  readonly typing: boolean;
}

/** The failure of an event that carried no acknowledgement to answer through. */
export interface RequestFailed {
  readonly event: string;
  readonly error: WireError;
}

/** What an acknowledgement carries. */
export type Reply<Fields extends object = object> =
  ({ readonly ok: true } & Fields) | { readonly ok: false; readonly error: WireError };

export type Ack<Fields extends object = object> = (reply: Reply<Fields>) => void;

export interface MessageSent {
  readonly id: string;
  readonly sentAt: number;
}

export interface HistoryPage {
  /** Oldest first. */
  readonly messages: readonly Message[];
  /** True where older messages exist. */
  readonly more: boolean;
}

export type RoomJoin = z.input<typeof roomJoinSchema>;
export type RoomLeave = z.input<typeof roomLeaveSchema>;
export type MessageSend = z.input<typeof messageSendSchema>;
export type HistoryRead = z.input<typeof historyReadSchema>;
export type TypingSet = z.input<typeof typingSetSchema>;

export interface ClientToServerEvents {
  'room:join': (payload: RoomJoin, ack: Ack) => void;
  'room:leave': (payload: RoomLeave, ack: Ack) => void;
  'message:send': (payload: MessageSend, ack: Ack<MessageSent>) => void;
  'history:read': (payload: HistoryRead, ack: Ack<HistoryPage>) => void;
  'typing:set': (payload: TypingSet) => void;
}

export interface ServerToClientEvents {
  'session:ready': (session: SessionReady) => void;
  'message:new': (message: Message) => void;
  'typing:changed': (change: TypingChanged) => void;
  'request:failed': (failure: RequestFailed) => void;
  /** Of what came between, something is lost: read the history of the rooms (driver `lanes`, `ON_GAP=signal`). */
  'sluice:gap': (gap: {
    readonly rooms: readonly string[];
    readonly from: string;
    readonly to: string;
  }) => void;
}

/** `connect_error`'s `data`. */
export interface ConnectRefusal {
  readonly code: ProtocolErrorCode;
  readonly retryable: boolean;
}

/** What `POST /auth/dev-token` answers, in development only. */
export interface DevToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** What `GET /client-config` answers: what a browser app needs to know before it connects. */
export interface ClientConfig {
  /** Where the page is to trace what it does; absent where it is not. */
  readonly tracing?: {
    /** Takes OTLP over HTTP, as JSON. */
    readonly endpoint: string;
    /** Share of the messages that are sampled, from 0 to 1. */
    readonly ratio: number;
  };
}
