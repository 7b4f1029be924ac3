import { redisError } from './errors.ts';

declare const redisKey: unique symbol;
/** A key, stream or channel name made by a {@link Keyspace}, and by nothing else. */
export type RedisKey = string & { readonly [redisKey]: true };

export interface Keyspace {
  /**
   * The key of `kind` for the given segments: `<prefix>:<kind>:{<first>}:<rest>…`. Segments may be text that users
   * chose: each is percent-encoded, so that `:`, `{`, `}` and the like cannot move a key into another user's or
   * another kind's space, and two different lists of segments never give one key. The first segment is the hash
   * tag: keys that share it share a slot on Redis Cluster. Throws `redis_key_invalid` on an empty or ill-formed one.
   */
  key(kind: string, ...segments: readonly [string, ...string[]]): RedisKey;
  /** A key of the whole cluster, with no user's text in it: `<prefix>:<name>`. */
  shared(name: string): RedisKey;
}

const constantName = /^[a-z][a-z0-9-]*$/;

function encodeSegment(segment: string): string {
  if (segment === '') throw redisError('redis_key_invalid');
  try {
    return encodeURIComponent(segment);
  } catch (error) {
    // encodeURIComponent throws on lone surrogates alone.
    throw redisError('redis_key_invalid', { cause: error });
  }
}

function constant(name: string): string {
  if (!constantName.test(name)) throw redisError('redis_key_invalid', { text: `"${name}" is no key name` });
  return name;
}

/** @param prefix what sets one cluster's keys apart from another's on the same Redis, e.g. `sluice` */
export function createKeyspace(prefix: string): Keyspace {
  constant(prefix);
  return {
    key(kind, first, ...rest) {
      const tail = rest.map((segment) => `:${encodeSegment(segment)}`).join('');
      return `${prefix}:${constant(kind)}:{${encodeSegment(first)}}${tail}` as RedisKey;
    },
    shared: (name) => `${prefix}:${constant(name)}` as RedisKey,
  };
}
