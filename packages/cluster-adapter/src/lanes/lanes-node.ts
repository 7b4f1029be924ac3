import { atMost, systemClock, type Lifecycle } from '@sluice/kernel';
import type { SessionStore } from '@sluice/session-store';
import type { ClusterLog } from '../log/cluster-log.ts';
import { Admission } from './admission.ts';
import { FrameWriter } from './frame-writer.ts';
import { Lane } from './lane.ts';
import type { LanesAdapter } from './lanes-adapter.ts';
import type { LanesOptions } from './lanes-options.ts';
import { LanesTracing } from './lanes-tracing.ts';
import { NodeChannel } from './node-channel.ts';

const beatEveryMs = 1_000;
/** After this a node that has not been heard of counts as gone: it beats four times as often. */
const leaseMs = 4_000;
const lingerMs = 2_000;
const closeMs = 2_000;
// Redis pushes to a subscriber within milliseconds; a pause of this node's own is told apart by the clock below.
const canaryDeadlineMs = 3_000;

/** What the namespaces of one server share: the log, its delivery, the sessions, and the company of the other nodes. */
export class LanesNode implements Lifecycle {
  readonly name = 'cluster-adapter';
  readonly log: ClusterLog;
  readonly lane: Lane;
  /** The sessions of a server that recovers what has been away for so long; the same for all its namespaces. */
  readonly sessionsFor: (maxDisconnectionMs: number) => SessionStore;
  readonly options: LanesOptions;
  readonly channel: NodeChannel;
  readonly admission: Admission;
  readonly frames = new FrameWriter();
  readonly tracing: LanesTracing;
  readonly clock = systemClock;
  readonly adapters = new Map<string, LanesAdapter>();
  #attached = false;
  /** The last canary. */
  #heardAt = 0;
  /** When anything at all had been heard since the beat before. */
  #aliveAt = 0;
  #heardBefore = 0;
  #canarySentAt = 0;
  #asked: Promise<string[]> | undefined;
  #known: readonly string[] = [];
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #cancelBeat: (() => void) | undefined;

  constructor(
    log: ClusterLog,
    sessionsFor: (maxDisconnectionMs: number) => SessionStore,
    options: LanesOptions,
  ) {
    this.log = log;
    this.sessionsFor = sessionsFor;
    this.options = options;
    const { onFault, uid } = options;
    this.lane = new Lane(log, { uid, onFault, lingerMs });
    this.tracing = new LanesTracing(options.tracing);
    this.admission = new Admission(options.recoveriesAtOnce);
    this.channel = new NodeChannel(log, this.lane, {
      uid,
      handlerOf: (namespace) => this.adapters.get(namespace),
      onCanary: (lagMs) => {
        this.#heardAt = this.clock.now();
        options.onObserved({ kind: 'canary', lagMs });
      },
      onFault,
    });
  }

  /** True once this node has heard the cluster for the first time. */
  get attached(): boolean {
    return this.#attached;
  }

  /** True where what others publish is heard without delay, and what is published here is not waiting. */
  get ready(): boolean {
    return (
      this.#attached &&
      this.log.available &&
      this.log.hearing &&
      this.lane.flowing &&
      this.#canarySentAt - this.#heardAt < canaryDeadlineMs
    );
  }

  /** Returns at once: a node lives without Redis, and says through `ready` whether it hears anybody. */
  start(signal: AbortSignal): Promise<void> {
    this.#starting ??= this.#start(signal);
    return this.#starting;
  }

  stop(deadlineMs: number): Promise<void> {
    this.#stopping ??= this.#stop(deadlineMs);
    return this.#stopping;
  }

  /** The other nodes; asked once for all who ask in the same tick. */
  others(): Promise<string[]> {
    this.#asked ??= this.#ask();
    return this.#asked;
  }

  /** The first adapter of a server starts its node. */
  enter(adapter: LanesAdapter): void {
    this.adapters.set(adapter.nsp.name, adapter);
    this.start(new AbortController().signal).catch((cause: unknown) => this.#fault('start', cause));
  }

  /** The last adapter of a server that closes takes the node with it. */
  async leave(adapter: LanesAdapter): Promise<void> {
    if (this.adapters.get(adapter.nsp.name) === adapter) this.adapters.delete(adapter.nsp.name);
    if (this.adapters.size === 0) await this.stop(closeMs);
  }

  async #start(signal: AbortSignal): Promise<void> {
    await this.log.start(signal);
    this.channel.open().then(
      () => {
        this.#attached = true;
        this.#aliveAt = this.clock.now();
        this.channel.canary().catch((cause: unknown) => this.#fault('canary', cause));
      },
      (cause: unknown) => this.#fault('attach', cause),
    );
    this.#beat();
  }

  async #stop(deadlineMs: number): Promise<void> {
    this.#cancelBeat?.();
    this.channel.close();
    await Promise.all([...this.adapters.values()].map((adapter) => adapter.flush(deadlineMs)));
    this.lane.close();
    // The lease would end by itself too: where Redis has just gone, that is not waited for longer than all else.
    if (this.log.available) await atMost(deadlineMs, this.log.resign(this.options.uid), this.clock);
    await this.log.stop(deadlineMs);
  }

  async #ask(): Promise<string[]> {
    setImmediate(() => {
      this.#asked = undefined;
    });
    try {
      this.#known = await this.log.members();
    } catch (cause) {
      // The last that is known is a better answer than none: those who do not live any more do not answer.
      this.#fault('ask for members', cause);
    }
    return this.#known.filter((member) => member !== this.options.uid);
  }

  #beat(): void {
    this.#canarySentAt = this.clock.now();
    const work = [
      this.log.beat(this.options.uid, leaseMs).then((members) => {
        this.#known = members;
        this.channel.onMembers(members);
      }),
      this.log.end().then((end) => this.lane.onLogEnd(end)),
      this.#attached ? this.channel.canary() : Promise.resolve(),
      this.#measureLog(),
    ];
    // Each by itself: what has failed is told while the rest still waits for Redis.
    for (const one of work) one.catch((cause: unknown) => this.#fault('beat', cause));
    this.#cancelBeat = this.clock.schedule(beatEveryMs, () => {
      const now = this.clock.now();
      // Late by itself, this node was frozen or busy, and what it has not heard may be waiting to be read.
      const punctual = now - this.#canarySentAt < 2 * beatEveryMs;
      // One that is behind is not helped by having to read it all anew.
      const { heard } = this.lane;
      // Where it is known why nothing is heard, that is being seen to.
      const isKnown = !this.#attached || !this.log.hearing;
      if (heard !== this.#heardBefore || !punctual || isKnown) this.#aliveAt = now;
      this.#heardBefore = heard;
      if (now - this.#aliveAt > canaryDeadlineMs) {
        this.#fault('hear', new Error('nothing is heard, not even what this node sends itself'));
        this.#aliveAt = now;
        this.log.reconnect();
      }
      this.#beat();
    });
  }

  /** Of one room each time, in turn: to ask for all would cost what is to be watched. */
  async #measureLog(): Promise<void> {
    const followed = this.lane.nextSpoken();
    if (followed === undefined) return;
    const { entries, appended } = await this.log.extent(followed.topic);
    const trimmed = appended - entries;
    const known = followed.trimmed ?? trimmed;
    followed.trimmed = trimmed;
    this.options.onObserved({ kind: 'log', entries, trimmed: Math.max(0, trimmed - known) });
  }

  #fault(operation: string, cause: unknown): void {
    if (this.#stopping === undefined) this.options.onFault({ operation, cause });
  }
}
