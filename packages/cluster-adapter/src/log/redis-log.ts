import { systemClock, type Clock } from '@sluice/kernel';
import { redisError, type RedisCore, type RedisReply } from '@sluice/redis-core';
import { origin, type ClusterLog, type LogEntry, type LogListener, type Topic } from './cluster-log.ts';
import { createLogKeys } from './log-keys.ts';
import { beatScript, endScript, membersScript } from './log-scripts.ts';
import { RedisPublisher } from './redis-publisher.ts';
import { TailQuestions } from './tail-questions.ts';

export interface RedisLogOptions {
  /** Publications that are not settled, in bytes; 8 MiB unless given. */
  readonly outboxMaxBytes?: number;
  /** How long a publication may take to be settled, in milliseconds; 5,000 unless given. */
  readonly outboxMaxAgeMs?: number;
  readonly clock?: Clock;
}

const again = { idempotent: true } as const;
const againAsBytes = { idempotent: true, bytes: true } as const;
const space = 0x20;
const dash = 0x2d;
const unlogged = '- - ';

/**
 * The log in Redis, over the connections of `core`, which is started and stopped by whoever made it. Bodies of entries
 * and of what was sent are views of what came off the socket: copy what is kept for long. Wants Redis 7, and the right
 * to CLIENT KILL where a frozen Redis must not log twice what was under way.
 */
export function createRedisLog(core: RedisCore, options: RedisLogOptions = {}): ClusterLog {
  const { commands } = core;
  const keys = createLogKeys(core.keyspace);
  const publisher = new RedisPublisher(core, keys, {
    clock: options.clock ?? systemClock,
    maxBytes: options.outboxMaxBytes ?? 8 * 1_024 * 1_024,
    maxAgeMs: options.outboxMaxAgeMs ?? 5_000,
  });
  const tails = new TailQuestions(async (topics) => {
    const reply = await commands.send(['MGET', ...topics.map((topic) => keys.end(topic))], again);
    return reply as (string | null)[];
  });
  let listener: LogListener | undefined;
  let stopWatching: (() => void) | undefined;
  let interrupted = false;

  const hear = (topic: Topic, payload: Buffer): void => {
    if (payload[0] === dash) {
      listener?.onSent(topic, payload.subarray(unlogged.length));
      return;
    }
    const positionEnd = spaceIn(payload, 0);
    const position = payload.toString('latin1', 0, positionEnd);
    publisher.witness(topic, position);
    listener?.onEntry(topic, entryOf(position, payload, positionEnd + 1));
  };

  const range = async (topic: Topic, args: readonly string[]): Promise<LogEntry[]> => {
    const [command = '', ...rest] = args;
    const reply = await commands.send([command, keys.topic(topic).log, ...rest], againAsBytes);
    return parseEntries(reply);
  };

  return {
    name: 'redis-log',
    start() {
      publisher.start();
      return Promise.resolve();
    },
    async stop(deadlineMs) {
      stopWatching?.();
      listener = undefined;
      await publisher.stop(deadlineMs);
    },
    publish(publication) {
      tails.putNow();
      return publisher.publish(publication);
    },
    async send(topic, body) {
      // What is kept for nobody must not wait either.
      if (!commands.available) throw redisError('redis_unavailable', { text: 'There is no connection.' });
      const payload =
        typeof body === 'string' ? unlogged + body : Buffer.concat([Buffer.from(unlogged), body]);
      await commands.send(['SPUBLISH', keys.topic(topic).channel, payload]);
    },
    listen(given) {
      listener = given;
      stopWatching = core.subscriber().watch({
        onLost() {
          interrupted = true;
          given.onInterrupted();
        },
        onRestored() {
          interrupted = false;
          given.onRestored();
        },
      });
    },
    async subscribe(topic) {
      await core.subscriber().subscribe('sharded', keys.channel(topic), (payload) => hear(topic, payload));
    },
    unsubscribe: (topic) => core.subscriber().unsubscribe(keys.channel(topic)),
    tails: (topics) => (topics.length === 0 ? Promise.resolve([]) : tails.of(topics)),
    async end() {
      const reply = await commands.run(endScript, [keys.index, keys.lost], [], again);
      const [position, lostUntil] = reply as [string, string];
      return { position, lostUntil };
    },
    async read(topic, after, limit, until = '+') {
      const entries = await range(topic, ['XRANGE', `(${after}`, until, 'COUNT', String(limit)]);
      const last = entries.at(-1);
      if (last !== undefined) publisher.witness(topic, last.position);
      return entries;
    },
    async readBefore(topic, before, limit) {
      // Nothing comes before the first of all positions, and Redis has no interval for it.
      if (before === origin) return [];
      const from = before === undefined ? '+' : `(${before}`;
      return range(topic, ['XREVRANGE', from, '-', 'COUNT', String(limit)]);
    },
    async extent(topic) {
      let reply: RedisReply;
      try {
        reply = await commands.send(['XINFO', 'STREAM', keys.topic(topic).log], again);
      } catch (error) {
        // Gone, or never there.
        if (redisError.is(error, 'redis_refused')) return { entries: 0, appended: 0 };
        throw error;
      }
      const { length, 'entries-added': appended } = reply as Record<string, number>;
      return { entries: length ?? 0, appended: appended ?? 0 };
    },
    async beat(member, leaseMs) {
      const reply = await commands.run(beatScript, [keys.members], [member, String(leaseMs)], again);
      return reply as string[];
    },
    async members() {
      return (await commands.run(membersScript, [keys.members], [], again)) as string[];
    },
    async resign(member) {
      await commands.send(['ZREM', keys.members, member], again);
    },
    reconnect: () => core.subscriber().reset(),
    get unsettled() {
      return publisher.unsettled;
    },
    get available() {
      return publisher.available;
    },
    get hearing() {
      return listener === undefined || (!interrupted && core.subscriber().generation > 0);
    },
  };
}

function entryOf(position: string, bytes: Buffer, start: number): LogEntry {
  const previousEnd = spaceIn(bytes, start);
  const previous = bytes.toString('latin1', start, previousEnd);
  return { position, previous, body: bytes.subarray(previousEnd + 1) };
}

/** Where the next space is, or the end. Over so few bytes this is cheaper than `indexOf`, which leaves JavaScript. */
function spaceIn(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== space) at += 1;
  return at;
}

/** Of XRANGE and XREVRANGE. The value is `<previous> <tag> <body>`. */
function parseEntries(reply: RedisReply): LogEntry[] {
  return ((reply ?? []) as [Buffer, [Buffer, Buffer]][]).map(([id, [, value]]) => {
    const previousEnd = spaceIn(value, 0);
    const tagEnd = spaceIn(value, previousEnd + 1);
    return {
      position: id.toString('latin1'),
      previous: value.toString('latin1', 0, previousEnd),
      body: value.subarray(tagEnd + 1),
    };
  });
}
