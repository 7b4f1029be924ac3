import type { Clock } from '@sluice/kernel';
import type { ClusterLog, Topic } from '../log/cluster-log.ts';

const deadlineMs = 2_000;

/** A word that a node sends to itself: once it is heard, so is everything that was published before it. */
export class Echo {
  readonly topic: Topic;
  readonly #log: Pick<ClusterLog, 'subscribe' | 'send'>;
  readonly #clock: Clock;
  readonly #awaited = new Map<string, () => void>();
  #next = 1;
  #subscribed: Promise<void> | undefined;

  constructor(log: Pick<ClusterLog, 'subscribe' | 'send'>, topic: Topic, clock: Clock) {
    this.#log = log;
    this.topic = topic;
    this.#clock = clock;
  }

  onSent(body: Buffer): void {
    this.#awaited.get(body.toString())?.();
  }

  /** Resolves to false where it is not heard in time. Rejects as the log's `subscribe` and `send` do. */
  async call(): Promise<boolean> {
    const word = String(this.#next++);
    let cancel: (() => void) | undefined;
    const heard = new Promise<boolean>((resolve) => {
      cancel = this.#clock.schedule(deadlineMs, () => resolve(false));
      this.#awaited.set(word, () => resolve(true));
    });
    try {
      this.#subscribed ??= this.#log.subscribe(this.topic);
      await this.#subscribed;
      await this.#log.send(this.topic, word);
      return await heard;
    } finally {
      cancel?.();
      this.#awaited.delete(word);
    }
  }
}
