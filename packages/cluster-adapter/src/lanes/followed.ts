import { origin, type LogEntry, type Position, type Topic } from '../log/cluster-log.ts';
import type { LogGap } from './merged-read.ts';
import type { Tap } from './tap.ts';

/** Who hears a topic on this node. Nothing here may throw. */
export interface TopicListener {
  /** In the order of the topic. `before` is the topic's last entry that was handed out. */
  onEntry(followed: Followed, entry: LogEntry, before: Position): void;
  onSent(body: Buffer): void;
  /** What lies between is lost to those who hear the topic here. */
  onGap(gap: LogGap): void;
}

const live = Promise.resolve();

/** A topic that this node follows. */
export class Followed {
  readonly topic: Topic;
  listener: TopicListener;
  /** The last entry of the topic that was handed out; what came before the follower counts as handed out. */
  last: Position = origin;
  /** False where that is another topic's position, from which this one has been followed. */
  lastIsEntry = true;
  /** Where following began: who asked for it has been given nothing before. Known once it is live. */
  base: Position = origin;
  live = false;
  /** Resolves once everything published since the call to `follow` is, and will be, heard. */
  ready: Promise<void>;
  wants = 1;
  /** Where it begins, for the one for whose sake it was opened. */
  opening: Promise<Position> | undefined;
  /** What those who began before it was live are still to be told; undefined once it is. */
  begun: Promise<void>[] | undefined = [];
  taps: Set<Tap> | undefined;
  /** Of events of which only the latest is wanted: where the latest is, by name. */
  latest: Map<string, Position> | undefined;
  /** Heard before it was live; undefined where it became too much, and is to be read instead. */
  early: LogEntry[] | undefined = [];
  cancelLinger: (() => void) | undefined;
  /** How many entries its log had lost to trimming when that was last looked at. */
  trimmed: number | undefined;

  constructor(topic: Topic, listener: TopicListener, establish: (self: Followed) => Promise<void>) {
    this.topic = topic;
    this.listener = listener;
    const ready = establish(this);
    this.ready = ready;
    // There are many, and what is live need not keep a promise of its own. Where it fails, those who wait are told.
    ready.then(
      () => {
        this.ready = live;
      },
      () => undefined,
    );
  }
}
