import { backoffMs } from '@sluice/kernel';
import { comparePositions } from '../position.ts';
import { origin, type ClusterLog, type LogEntry, type Position } from '../log/cluster-log.ts';
import type { Followed } from './followed.ts';
import { readMerged, type Reading } from './merged-read.ts';

/** What a topic needs of its lane on its way to being live. */
export interface EstablishingLane {
  /** Raised by each interruption. */
  readonly epoch: number;
  readonly flowing: boolean;
  untilFlowing(): Promise<void>;
  settle(): Promise<void>;
  isWanted(followed: Followed): boolean;
  pause(delayMs: number): Promise<void>;
  onFault(fault: { readonly operation: string; readonly cause: unknown }): void;
  handOut(followed: Followed, reading: Reading): void;
}

/** A topic of which everything is known that it needs to go live, unless hearing has been interrupted since. */
interface Ripe {
  readonly followed: Followed;
  readonly missed: readonly Reading[];
  readonly epoch: number;
  readonly settle: (live: boolean) => void;
}

const retry = { baseMs: 50, capMs: 1_000 };

/** The way of topics from the first who wants them until they are heard whole. */
export class Establishing {
  readonly #log: ClusterLog;
  readonly #lane: EstablishingLane;
  readonly #ripe: Ripe[] = [];

  constructor(log: ClusterLog, lane: EstablishingLane) {
    this.#log = log;
    this.#lane = lane;
  }

  /** Resolves once the topic is live. Rejects where it is refused or the log is closed. */
  async establish(followed: Followed, after: Position | undefined): Promise<void> {
    const { topic } = followed;
    const lane = this.#lane;
    const opening = this.ask(followed, after);
    followed.opening = opening;
    queueMicrotask(() => {
      followed.opening = undefined;
    });
    const based = opening.then((position) => {
      followed.base = position;
      followed.last = position;
      followed.lastIsEntry = after === undefined;
    });
    based.catch(() => undefined);
    followed.begun?.push(based);
    await this.#log.subscribe(topic);
    for (let attempt = 0; lane.isWanted(followed); attempt += 1) {
      await lane.untilFlowing();
      const { epoch } = lane;
      const missed: Reading[] = [];
      try {
        await allBegun(followed);
        const range = { topic, after: followed.last, until: await this.#endOf(followed), ends: true };
        for await (const reading of readMerged(this.#log, [range])) missed.push(reading);
        // What the other topics had before these must have been handed out before them.
        if (missed.length > 0 || followed.early?.length !== 0) await lane.settle();
        await allBegun(followed);
      } catch (cause) {
        lane.onFault({ operation: 'follow', cause });
        await lane.pause(backoffMs(attempt, retry));
        continue;
      }
      if (await this.#ripen({ followed, missed, epoch })) return;
    }
  }

  /** Where one begins who begins now, or after a position. */
  async ask(followed: Followed, after: Position | undefined): Promise<Position> {
    const asked = after === undefined ? this.#endOf(followed) : Promise.resolve(after);
    return await this.#insist(followed, asked, () => this.#endOf(followed));
  }

  /** Topics that are ready in one tick go live together, so that what one publisher said to them keeps its order. */
  #ripen(ripe: Omit<Ripe, 'settle'>): Promise<boolean> {
    return new Promise((settle) => {
      this.#ripe.push({ ...ripe, settle });
      if (this.#ripe.length === 1) setImmediate(() => this.#goLive(this.#ripe.splice(0)));
    });
  }

  #goLive(all: readonly Ripe[]): void {
    const lane = this.#lane;
    const due: { readonly followed: Followed; readonly reading: Reading }[] = [];
    for (const { followed, missed, epoch, settle } of all) {
      const { early, topic } = followed;
      followed.early = [];
      const goes = epoch === lane.epoch && lane.flowing && early !== undefined && lane.isWanted(followed);
      settle(goes);
      if (!goes) continue;
      followed.live = true;
      followed.early = undefined;
      followed.begun = undefined;
      for (const reading of missed) due.push({ followed, reading });
      for (const entry of early) due.push({ followed, reading: { kind: 'entry', topic, entry } });
    }
    due.sort((a, b) => comparePositions(placeOf(a.reading), placeOf(b.reading)));
    for (const { followed, reading } of due) lane.handOut(followed, reading);
  }

  /** Asked of the log together with all that is asked in the same turn. */
  async #endOf(followed: Followed): Promise<Position> {
    const [end = origin] = await this.#log.tails([followed.topic]);
    return end;
  }

  /** Asks again until it is answered or the topic is not wanted any more. */
  async #insist<Answer>(
    followed: Followed,
    first: Promise<Answer>,
    again: () => Promise<Answer>,
  ): Promise<Answer> {
    let asked = first;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await asked;
      } catch (cause) {
        if (!this.#lane.isWanted(followed)) throw cause;
        this.#lane.onFault({ operation: 'follow', cause });
        await this.#lane.pause(backoffMs(attempt, retry));
        asked = again();
      }
    }
  }
}

const maxEarlyEntries = 1_000;

/** Keeps what is heard of a topic before it is live. */
export function keepEarly(followed: Followed, entry: LogEntry): void {
  if (followed.early !== undefined && followed.early.push(entry) > maxEarlyEntries)
    followed.early = undefined;
}

async function allBegun(followed: Followed): Promise<void> {
  for (let told = 0; told < (followed.begun?.length ?? 0);) {
    told = followed.begun?.length ?? 0;
    await Promise.all(followed.begun ?? []);
  }
}

/** A gap is told before the entry behind it. */
function placeOf(reading: Reading): Position {
  return reading.kind === 'gap' ? reading.from : reading.entry.position;
}
