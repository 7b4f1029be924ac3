import { backoffMs, systemClock, type Clock } from '@sluice/kernel';
import { comparePositions } from '../position.ts';
import {
  origin,
  type ClusterLog,
  type LogEnd,
  type LogEntry,
  type LogListener,
  type Position,
  type Topic,
} from '../log/cluster-log.ts';
import { readMerged, type LogGap, type TopicRange } from './merged-read.ts';
import { Echo } from './echo.ts';
import { Establishing, keepEarly, type EstablishingLane } from './establishing.ts';
import { Followed, type TopicListener } from './followed.ts';
import { HeldEntries } from './held-entries.ts';
import { readTails } from './read-tails.ts';
import { Tap } from './tap.ts';
import { echoTopic } from './topic.ts';

export interface LaneOptions {
  readonly uid: string;
  readonly onFault: (fault: { readonly operation: string; readonly cause: unknown }) => void;
  /** How long a topic is followed after its last follower has gone. */
  readonly lingerMs: number;
  readonly clock?: Clock;
}

const retry = { baseMs: 50, capMs: 1_000 };
// Every socket has a room of its own, in which mostly nothing is said.
const maxLooks = 1_000;

/**
 * Hands what this node follows to its listeners in one order, whole: a break in a topic's chain, and every interruption
 * of hearing, holds delivery of all topics until what was missed has been read. A client in two rooms whose offset has
 * moved with the one must not have been denied something earlier of the other.
 */
export class Lane implements LogListener {
  readonly #log: ClusterLog;
  readonly #options: LaneOptions;
  readonly #clock: Clock;
  readonly #topics = new Map<Topic, Followed>();
  readonly #whenFlowing = new Set<() => void>();
  #cursor: Position = origin;
  #previousCursor: Position = origin;
  #heard = 0;
  /** Raised by each interruption: what began before it must not end as if nothing had happened. */
  #epoch = 0;
  /** While delivery is held. */
  #held: HeldEntries | undefined;
  #cursorBefore: Position = origin;
  #lostUntil: Position | undefined;
  readonly #establishing: Establishing;
  readonly #echo: Echo;
  #settling: Promise<void> | undefined;
  #closed = false;
  #round: Iterator<Followed> = this.#topics.values();

  constructor(log: ClusterLog, options: LaneOptions) {
    this.#log = log;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#echo = new Echo(log, echoTopic(options.uid), this.#clock);
    this.#establishing = new Establishing(log, this.#inside());
    log.listen(this);
  }

  /** Everything up to here, of what it follows, this node has handed out. */
  get cursor(): Position {
    return this.#cursor;
  }

  /** The cursor before the entry that is being handed out. */
  get previousCursor(): Position {
    return this.#previousCursor;
  }

  /** How much has been heard. */
  get heard(): number {
    return this.#heard;
  }

  /** False while delivery is held. */
  get flowing(): boolean {
    return this.#held === undefined;
  }

  get topics(): number {
    return this.#topics.size;
  }

  /** A topic in which something has been said, another one at each call. */
  nextSpoken(): Followed | undefined {
    for (let looked = 0; looked < maxLooks; looked += 1) {
      const next = this.#round.next();
      if (next.done === true) {
        this.#round = this.#topics.values();
        return undefined;
      }
      if (next.value.lastIsEntry && next.value.last !== origin) return next.value;
    }
    return undefined;
  }

  /**
   * Follows a topic from now on, or from `after`. Every call is to be matched by an `unfollow`. The last `listener` given
   * is the one that counts.
   */
  follow(topic: Topic, listener: TopicListener, after?: Position): Followed {
    const known = this.#topics.get(topic);
    if (known !== undefined) {
      known.wants += 1;
      known.listener = listener;
      known.cancelLinger?.();
      known.cancelLinger = undefined;
      return known;
    }
    const followed = new Followed(topic, listener, (self) => this.#establishing.establish(self, after));
    this.#topics.set(topic, followed);
    return followed;
  }

  /**
   * Somebody begins to hear a topic: `onBase` is told from where on, and before anything is handed out where the topic is
   * not live yet. Asked in this very tick, so that what this node publishes next lies behind it. Resolves once it is told.
   */
  begin(
    followed: Followed,
    after: Position | undefined,
    onBase: (position: Position) => void,
  ): Promise<void> {
    const { opening } = followed;
    followed.opening = undefined;
    // Who has opened it in this very call begins where it does.
    const told = (opening ?? this.#establishing.ask(followed, after)).then(onBase);
    told.catch(() => undefined);
    followed.begun?.push(told);
    return told;
  }

  /** @param lingerMs how long the topic is followed on where nobody else wants it */
  unfollow(followed: Followed, lingerMs: number = this.#options.lingerMs): void {
    followed.wants -= 1;
    if (followed.wants > 0) return;
    const end = (): void => {
      if (followed.wants > 0 || this.#topics.get(followed.topic) !== followed) return;
      this.#topics.delete(followed.topic);
      this.#log.unsubscribe(followed.topic);
    };
    if (lingerMs === 0 || this.#closed) end();
    else followed.cancelLinger = this.#clock.schedule(lingerMs, end);
  }

  find(topic: Topic): Followed | undefined {
    return this.#topics.get(topic);
  }

  /** Collects what is handed out to `topics`, all of them live, from this moment on. */
  tap(topics: readonly Followed[]): Tap {
    return new Tap(topics);
  }

  close(): void {
    this.#closed = true;
    this.#epoch += 1;
    for (const followed of this.#topics.values()) followed.cancelLinger?.();
    this.#topics.clear();
    this.#releaseWaiting();
  }

  /**
   * Resolves once everything published before this call, of what is followed live, has been handed out. Asked once for all
   * who ask in the same tick.
   */
  settle(): Promise<void> {
    this.#settling ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#settling = undefined;
        resolve(this.#settle());
      });
    });
    return this.#settling;
  }

  onEntry(topic: Topic, entry: LogEntry): void {
    this.#heard += 1;
    const followed = this.#topics.get(topic);
    if (followed === undefined) return;
    if (this.#held !== undefined) this.#held.push(topic, entry);
    else if (followed.live) this.#accept(followed, entry);
    else keepEarly(followed, entry);
  }

  onSent(topic: Topic, body: Buffer): void {
    this.#heard += 1;
    if (topic === this.#echo.topic) this.#echo.onSent(body);
    else this.#topics.get(topic)?.listener.onSent(body);
  }

  onInterrupted(): void {
    if (this.#held === undefined) this.#cursorBefore = this.#cursor;
    this.#epoch += 1;
    this.#held ??= new HeldEntries();
  }

  onRestored(): void {
    void this.#resynchronize(this.#epoch);
  }

  /** To be told of the log's end, now and then: entries may have been lost while this node did not hear. */
  onLogEnd({ position, lostUntil }: LogEnd): void {
    const known = this.#lostUntil;
    this.#lostUntil = lostUntil;
    // Who begins here has been given nothing that is there already.
    if (known === undefined && this.#cursor === origin) this.#cursor = position;
    if (known === undefined || comparePositions(lostUntil, known) <= 0) return;
    if (comparePositions(lostUntil, this.#cursor) > 0) this.#cursor = lostUntil;
    if (comparePositions(lostUntil, this.#cursorBefore) <= 0) return;
    for (const followed of this.#topics.values()) {
      const { topic, live } = followed;
      const gap = { topic, from: this.#cursorBefore, to: lostUntil, through: lostUntil, isEnd: false };
      if (live) this.#tellGap(followed, gap);
    }
  }

  #accept(followed: Followed, entry: LogEntry): void {
    if (entry.previous !== followed.last) {
      if (comparePositions(entry.position, followed.last) <= 0) return;
      if (entry.previous !== origin && comparePositions(entry.previous, followed.last) > 0) {
        this.onInterrupted();
        this.#held?.push(followed.topic, entry);
        void this.#resynchronize(this.#epoch);
        return;
      }
    }
    this.#deliver(followed, entry);
  }

  #deliver(followed: Followed, entry: LogEntry): void {
    const before = followed.last;
    followed.last = entry.position;
    followed.lastIsEntry = true;
    this.#previousCursor = this.#cursor;
    if (comparePositions(entry.position, this.#cursor) > 0) this.#cursor = entry.position;
    if (followed.taps !== undefined) for (const tap of followed.taps) tap.add(followed.topic, entry);
    followed.listener.onEntry(followed, entry, before);
  }

  /** Reads what was missed, and lets delivery go on. Never rejects. */
  async #resynchronize(epoch: number): Promise<void> {
    for (let attempt = 0; epoch === this.#epoch && !this.#closed; attempt += 1) {
      try {
        this.#held?.tookTooMuch();
        const live = [...this.#topics.values()].filter((followed) => followed.live);
        // What comes after this end is heard already: a topic asked later must not get ahead of one asked before.
        const end = await this.#log.end();
        const tails = await readTails(this.#log, live);
        if (epoch !== this.#epoch) return;
        this.onLogEnd(end);
        await this.#handOut(live, tails, end.position, epoch);
        if (epoch !== this.#epoch) return;
        if (this.#held?.tookTooMuch() === true) continue;
        this.#flow();
        return;
      } catch (cause) {
        this.#options.onFault({ operation: 'resynchronize', cause });
        await this.#pause(backoffMs(attempt, retry));
      }
    }
  }

  async #handOut(
    live: readonly Followed[],
    tails: readonly Position[],
    end: Position,
    epoch: number,
  ): Promise<void> {
    const ranges: TopicRange[] = live.map(({ topic, last }, index) => {
      const tail = tails[index] ?? origin;
      const ends = comparePositions(tail, end) <= 0;
      return { topic, after: last, until: ends ? tail : end, ends };
    });
    for await (const reading of readMerged(this.#log, ranges)) {
      if (epoch !== this.#epoch) return;
      const followed = this.#topics.get(reading.topic);
      if (followed === undefined) continue;
      if (reading.kind === 'gap') this.#onGap(followed, reading);
      else if (comparePositions(reading.entry.position, followed.last) > 0)
        this.#deliver(followed, reading.entry);
    }
  }

  /** What cannot be read counts as gone once that has been told. */
  #onGap(followed: Followed, gap: LogGap): void {
    this.#tellGap(followed, gap);
    if (comparePositions(gap.through, followed.last) <= 0) return;
    followed.last = gap.through;
    followed.lastIsEntry = true;
  }

  #tellGap(followed: Followed, gap: LogGap): void {
    if (followed.taps !== undefined) for (const tap of followed.taps) tap.onGap();
    followed.listener.onGap(gap);
  }

  #flow(): void {
    const held = this.#held?.entries ?? [];
    this.#held = undefined;
    this.#releaseWaiting();
    for (const { topic, entry } of held) this.onEntry(topic, entry);
  }

  #releaseWaiting(): void {
    for (const go of this.#whenFlowing) go();
    this.#whenFlowing.clear();
  }

  /** What topics on their way to being live may do to this lane. */
  #inside(): EstablishingLane {
    const epoch = (): number => this.#epoch;
    const flowing = (): boolean => this.flowing;
    return {
      get epoch() {
        return epoch();
      },
      get flowing() {
        return flowing();
      },
      untilFlowing: () => this.#untilFlowing(),
      settle: () => this.settle(),
      isWanted: (followed) => this.#wanted(followed),
      pause: (delayMs) => this.#pause(delayMs),
      onFault: this.#options.onFault,
      handOut: (followed, reading) => {
        if (reading.kind === 'gap') this.#onGap(followed, reading);
        else this.onEntry(reading.topic, reading.entry);
      },
    };
  }

  #wanted(followed: Followed): boolean {
    return !this.#closed && this.#topics.get(followed.topic) === followed;
  }

  /** Never rejects. */
  async #settle(): Promise<void> {
    for (let attempt = 0; !this.#closed; attempt += 1) {
      await this.#untilFlowing();
      const epoch = this.#epoch;
      try {
        if ((await this.#echo.call()) && epoch === this.#epoch && this.flowing) return;
      } catch (cause) {
        this.#options.onFault({ operation: 'settle', cause });
        await this.#pause(backoffMs(attempt, retry));
      }
    }
  }

  async #untilFlowing(): Promise<void> {
    while (this.#held !== undefined && !this.#closed) {
      await new Promise<void>((resolve) => this.#whenFlowing.add(resolve));
    }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.schedule(delayMs, resolve);
    });
  }
}
