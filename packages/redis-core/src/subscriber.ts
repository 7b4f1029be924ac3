export type ChannelKind = 'sharded' | 'plain';
export type ChannelListener = (payload: Buffer, channel: string) => void;

export interface SubscriberWatch {
  /** In the same step as the loss of a connection: from now on nothing is heard. */
  onLost(): void;
  /**
   * All channels that are wanted and had been confirmed before are confirmed again, be there any or none. Payloads may
   * have come over the new connection already. Where that was lost too before they were, comes once for all losses.
   */
  onRestored(): void;
}

export interface Subscriber {
  /**
   * Wants `channel`: resolves once Redis has confirmed it, however many connections that takes, and stays wanted
   * across reconnects until {@link Subscriber.unsubscribe}. A second call for a channel replaces its listener.
   * Rejects with `redis_closed` where the core stops, `redis_unsubscribed` where the channel is given up before it was
   * confirmed, and `redis_refused`. `onConfirmed` is called at each confirmation, the first and those of later connections; what was
   * published in between is not heard. What is asked for in one turn of the event loop goes to Redis together.
   */
  subscribe(
    kind: ChannelKind,
    channel: string,
    listener: ChannelListener,
    onConfirmed?: () => void,
  ): Promise<void>;
  /** No longer wants `channel`; its listener is not called again. */
  unsubscribe(channel: string): void;
  /** Resolves once `channel`, if wanted, is confirmed on the present connection. */
  active(channel: string): Promise<void>;
  /** Tells of each loss of the connection and of what follows it. The returned function ends that. */
  watch(watch: SubscriberWatch): () => void;
  /** Drops the connection, where there is one, so that another is made at once: for one that looks alive and is not. */
  reset(): void;
  readonly channels: number;
  /** Number of the present or last connection, from 1. A payload comes over the connection of this number. */
  readonly generation: number;
}
