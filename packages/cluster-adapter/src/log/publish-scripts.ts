import { defineScript, type Script } from '@sluice/redis-core';
import type { Retention } from './cluster-log.ts';

/** A script that appends and delivers, and what it wants to be told after tag, body and TTL. */
export interface PublishScript {
  readonly script: Script;
  readonly args: readonly string[];
}

// Redis keeps every script it is given. Few retentions get one of their own, which is spared four arguments a
// publication: a sixth of what it costs Redis. The rest share one.
const maxOwnScripts = 16;
// How often a topic's keys are kept in order, at most, as a power of ten; they live so much longer than they must.
const upkeepExponents = [4, 3, 2, 1] as const;
// Of milliseconds since the epoch, from 2001 to 2286.
const digitsOfMs = 13;

/**
 * KEYS: index; log, end and channel of each topic; the idempotency key, where there is one
 * ARGV: tag, body, TTL of the idempotency key or nothing, the retention where it is not written into the script
 * Returns the position, or an array of it where the idempotency key was known.
 *
 * Upkeep (what is too old goes, the stream's expiry is put off) is due at a topic's first entry of each period: where
 * this position and the one before differ in their first so many digits.
 */
function source([maxEntries, maxAgeMs, lifeMs, digits]: readonly string[]): string {
  return `
local call = redis.call
local topics = #KEYS
local idempotent = topics % 3 == 2
if idempotent then
  local known = call('GET', KEYS[topics])
  if known then return {known} end
end
local position = call('XADD', KEYS[1], 'MAXLEN', '~', '100', '*', 't', '')
for i = 2, topics - 2, 3 do
  local previous = call('SET', KEYS[i + 1], position, 'GET', 'PX', ${lifeMs}) or '0-0'
  call('XADD', KEYS[i], 'MAXLEN', '~', ${maxEntries}, position, 'e', previous .. ' ' .. ARGV[1] .. ' ' .. ARGV[2])
  if string.sub(position, 1, ${digits}) ~= string.sub(previous, 1, ${digits}) then
    call('XTRIM', KEYS[i], 'MINID', tonumber(string.match(position, '^%d+')) - ${maxAgeMs})
    call('PEXPIRE', KEYS[i], ${lifeMs})
  end
  call('SPUBLISH', KEYS[i + 2], position .. ' ' .. previous .. ' ' .. ARGV[2])
end
if idempotent then call('SET', KEYS[topics], position, 'PX', ARGV[3]) end
return position
`;
}

/** The script for each retention, made once. */
export class PublishScripts {
  readonly #own = new Map<string, PublishScript>();
  readonly #shared = defineScript(source(['ARGV[4]', 'ARGV[5]', 'ARGV[6]', 'ARGV[7]']));
  #last: Retention | undefined;
  #lastScript: PublishScript = { script: this.#shared, args: [] };

  for(retention: Retention): PublishScript {
    if (retention === this.#last) return this.#lastScript;
    this.#last = retention;
    return (this.#lastScript = this.#find(retention));
  }

  #find({ maxEntries, maxAgeMs }: Retention): PublishScript {
    const exponent = upkeepExponents.find((power) => 10 ** power <= maxAgeMs / 8) ?? 0;
    const args = [maxEntries, maxAgeMs, maxAgeMs + 10 ** exponent, digitsOfMs - exponent].map(String);
    const name = args.join(' ');
    let own = this.#own.get(name);
    if (own === undefined) {
      if (this.#own.size >= maxOwnScripts) return { script: this.#shared, args };
      own = { script: defineScript(source(args.map((arg) => `'${arg}'`))), args: [] };
      this.#own.set(name, own);
    }
    return own;
  }
}
