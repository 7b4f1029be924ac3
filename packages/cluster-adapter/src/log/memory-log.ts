import { redisError } from '@sluice/redis-core';
import type { ClusterLog, LogListener, Topic } from './cluster-log.ts';
import { MemoryHub, type MemoryNode } from './memory-hub.ts';

/** A log with a handle on its hearing. */
export interface MemoryLog extends ClusterLog {
  /** What is published from now on is not heard, until {@link MemoryLog.restore}. */
  interrupt(): void;
  restore(): void;
}

export interface MemoryLogOptions {
  /** What it shares with other nodes; alone unless given. */
  readonly hub?: MemoryHub;
}

/** A log in the memory of one process: for tests, and for a single node without Redis. Nothing waits and nothing fails. */
export function createMemoryLog(options: MemoryLogOptions = {}): MemoryLog {
  const hub = options.hub ?? new MemoryHub();
  const followed = new Set<Topic>();
  let listener: LogListener | undefined;
  let hearing = true;
  let stopped = false;
  let queue: (() => void)[] = [];
  let onHearing: (() => void)[] = [];

  const drain = (): void => {
    const due = queue;
    queue = [];
    for (const deliver of due) deliver();
  };
  const node: MemoryNode = {
    onEntry: (topic, entry) => listener?.onEntry(topic, entry),
    onSent: (topic, body) => listener?.onSent(topic, body),
    deliver(topic, delivery) {
      if (!hearing || !followed.has(topic)) return;
      if (queue.length === 0) setImmediate(drain);
      queue.push(() => {
        if (hearing && followed.has(topic)) delivery(node);
      });
    },
  };
  hub.attach(node);

  const interrupt = (): void => {
    if (!hearing) return;
    hearing = false;
    listener?.onInterrupted();
  };
  const restore = (): void => {
    if (hearing || stopped) return;
    // What an earlier connection had not handed over is lost with it.
    queue = [];
    hearing = true;
    for (const resolve of onHearing.splice(0)) resolve();
    listener?.onRestored();
  };

  return {
    name: 'memory-log',
    start: () => Promise.resolve(),
    stop() {
      stopped = true;
      hearing = false;
      hub.detach(node);
      return Promise.resolve();
    },
    async publish(publication) {
      if (stopped) throw redisError('redis_closed');
      return hub.append(publication);
    },
    async send(topic, body) {
      if (stopped) throw redisError('redis_closed');
      hub.send(topic, body);
    },
    listen(given) {
      listener = given;
    },
    async subscribe(topic) {
      followed.add(topic);
      if (hearing) return;
      await new Promise<void>((resolve) => {
        onHearing.push(resolve);
      });
    },
    unsubscribe: (topic) => void followed.delete(topic),
    tails: async (topics) => topics.map((topic) => hub.tail(topic)),
    end: async () => hub.end(),
    read: async (topic, after, limit, until) => hub.read(topic, after, limit, until),
    readBefore: async (topic, before, limit) => hub.readBefore(topic, before, limit),
    extent: async (topic) => hub.extent(topic),
    async beat(member, leaseMs) {
      hub.beat(member, leaseMs);
      return hub.members();
    },
    members: async () => hub.members(),
    resign: async (member) => hub.resign(member),
    reconnect() {
      interrupt();
      setImmediate(restore);
    },
    interrupt,
    restore,
    unsettled: { publications: 0, bytes: 0 },
    available: true,
    get hearing() {
      return hearing;
    },
  };
}
