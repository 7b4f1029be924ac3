import type {
  HistoryPage,
  HistoryRead,
  Message,
  MessageSend,
  MessageSent,
  ProtocolErrorCode,
  RoomJoin,
  RoomLeave,
  SessionReady,
  TypingChanged,
  TypingSet,
} from '@sluice/protocol';

/** What went wrong with a request: the gateway's own error, or that no answer came. */
export interface Failure {
  readonly code: ProtocolErrorCode | 'connection_lost' | 'no_answer';
  readonly message: string;
  readonly retryable: boolean;
}

export type Answer<Fields extends object = object> =
  ({ readonly ok: true } & Fields) | { readonly ok: false; readonly error: Failure };

/** The events that are acknowledged: what they carry and what comes back. */
export interface Requests {
  'room:join': { readonly payload: RoomJoin; readonly fields: object };
  'room:leave': { readonly payload: RoomLeave; readonly fields: object };
  'message:send': { readonly payload: MessageSend; readonly fields: MessageSent };
  'history:read': { readonly payload: HistoryRead; readonly fields: HistoryPage };
}

/** The way to the cluster, while there is one. */
export interface Wire {
  /** Never rejects. Without a session it answers `connection_lost` at once and sends nothing. */
  request<Event extends keyof Requests>(
    event: Event,
    payload: Requests[Event]['payload'],
  ): Promise<Answer<Requests[Event]['fields']>>;
  /** Lost without a session; nobody needs to know. */
  setTyping(payload: TypingSet): void;
}

/** Hears what comes over the wire. */
export interface WireListener {
  sessionReady(session: SessionReady): void;
  /** Between a `sessionReady` and the next one, at most once. */
  sessionLost(): void;
  messageHeard(message: Message): void;
  typingChanged(change: TypingChanged): void;
}
