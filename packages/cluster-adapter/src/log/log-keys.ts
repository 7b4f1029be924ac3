import type { Keyspace, RedisKey } from '@sluice/redis-core';
import type { Topic } from './cluster-log.ts';

interface TopicKeys {
  /** The stream of its entries: field `e`, value `<previous> <tag> <body>`. */
  readonly log: RedisKey;
  /** Its last position, as a string. */
  readonly end: RedisKey;
  /** The sharded channel: `<position> <previous> <body>`, or `- - <body>` for what is not logged. */
  readonly channel: RedisKey;
}

/** The names of one log's keys and channels, which share a hash slot. */
export interface LogKeys {
  /** The stream that positions come from; only its latest entries are kept. */
  readonly index: RedisKey;
  readonly lost: RedisKey;
  readonly members: RedisKey;
  /** For what is said again and again: kept for a while. Throws `redis_key_invalid`. */
  topic(topic: Topic): TopicKeys;
  /** {@link TopicKeys.end} and {@link TopicKeys.channel} of topics in which perhaps nothing is ever said: not kept. */
  end(topic: Topic): RedisKey;
  channel(topic: Topic): RedisKey;
  idempotency(key: readonly [string, ...string[]]): RedisKey;
}

const lane = 'lane';
// Names cost more to make than to keep.
const maxKnownTopics = 2_000;

export function createLogKeys(keyspace: Keyspace): LogKeys {
  // Two generations: what is asked for again moves on to the next, and the rest is let go.
  const end = (topic: Topic): RedisKey => keyspace.key('log-end', lane, topic);
  const channel = (topic: Topic): RedisKey => keyspace.key('room', lane, topic);
  let [known, before] = [new Map<Topic, TopicKeys>(), new Map<Topic, TopicKeys>()];
  return {
    index: keyspace.key('log-index', lane),
    lost: keyspace.key('log-lost', lane),
    members: keyspace.key('members', lane),
    topic(topic) {
      let keys = known.get(topic);
      if (keys === undefined) {
        keys = before.get(topic) ?? {
          log: keyspace.key('log', lane, topic),
          end: end(topic),
          channel: channel(topic),
        };
        if (known.size >= maxKnownTopics) [known, before] = [new Map(), known];
        known.set(topic, keys);
      }
      return keys;
    },
    end,
    channel,
    idempotency: (key) => keyspace.key('log-key', lane, ...key),
  };
}
