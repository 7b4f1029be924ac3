import {
  defineScript,
  parseEntries,
  type RedisCore,
  type RedisKey,
  type StreamEntry,
} from '@sluice/redis-core';
import type { JsonValue, Publication, Published } from './publication.ts';
import { streamEnd } from './stream-end.ts';

export interface RoomLogOptions {
  /** Entries kept per room; Redis trims whole nodes of the stream, so a few more may be left. */
  readonly maxEntries: number;
  /** Age after which entries go, in milliseconds. */
  readonly maxAgeMs: number;
  /** How long an idempotency key is remembered, in milliseconds. */
  readonly idempotencyTtlMs: number;
}

export interface HistoryEntry {
  readonly id: string;
  readonly sentAt: number;
  readonly event: string;
  readonly data: Readonly<Record<string, JsonValue>>;
}

export interface RoomHistory {
  /**
   * Up to `limit` entries, oldest first: those before the id `before`, or the latest. `more` tells whether older
   * ones exist. Rejects with redis-core's errors.
   */
  read(
    room: string,
    page: { before?: string; limit: number },
  ): Promise<{ entries: HistoryEntry[]; more: boolean }>;
}

/** How a driver hands a publication to the nodes: the command that the append script runs as its last step. */
export type Relay =
  | { readonly kind: 'stream'; readonly stream: RedisKey; readonly maxEntries: number }
  | { readonly kind: 'channel'; readonly channel: string };

// KEYS: room log, idempotency key, relay stream (none for a channel)
// ARGV: data, idempotency TTL, log max entries, log max age, relay head, relay tail, relay channel, relay max entries,
//   event
// The id is the room log's; its first half is Redis's clock in milliseconds.
const append = defineScript(`
local known = redis.call('GET', KEYS[2])
if known then return {known, 1} end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*', 'event', ARGV[9], 'data', ARGV[1])
local ms = string.match(id, '^%d+')
redis.call('XTRIM', KEYS[1], 'MINID', '~', string.format('%.0f', math.max(0, tonumber(ms) - tonumber(ARGV[4]))))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('SET', KEYS[2], id, 'PX', ARGV[2])
local body = ARGV[5] .. '"id":"' .. id .. '","sentAt":' .. ms .. ARGV[6]
if ARGV[7] ~= '' then
  redis.call('SPUBLISH', ARGV[7], body)
else
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[8], '*',
    'uid', 'emitter', 'nsp', '/', 'type', '3', 'data', body)
end
return {id, 0}
`);

/** The history of rooms, one Redis stream each, and the append that also relays. */
export class RoomLog implements RoomHistory {
  readonly #core: RedisCore;
  readonly #options: RoomLogOptions;

  constructor(core: RedisCore, options: RoomLogOptions) {
    this.#core = core;
    this.#options = options;
  }

  /**
   * Appends and relays in one script, which makes both happen or neither. `head` and `tail` are the JSON of the
   * official adapter's broadcast around the place where `"id":…,"sentAt":…` go.
   */
  async append(publication: Publication, relay: Relay, head: string, tail: string): Promise<Published> {
    const { keyspace, commands } = this.#core;
    const keys = [
      keyspace.key('room-log', publication.room),
      keyspace.key('sent', publication.room, ...publication.idempotencyKey),
      ...(relay.kind === 'stream' ? [relay.stream] : []),
    ];
    const args = [
      JSON.stringify(publication.data),
      String(this.#options.idempotencyTtlMs),
      String(this.#options.maxEntries),
      String(this.#options.maxAgeMs),
      head,
      tail,
      relay.kind === 'channel' ? relay.channel : '',
      relay.kind === 'stream' ? String(relay.maxEntries) : '',
      publication.event,
    ];
    // Harmless to run twice: the second run finds the idempotency key.
    const reply = await commands.run(append, keys, args, { idempotent: true });
    const [id, duplicate] = reply as [string, number];
    return { id, sentAt: millisecondsOf(id), duplicate: duplicate === 1 };
  }

  async read(
    room: string,
    page: { before?: string; limit: number },
  ): Promise<{ entries: HistoryEntry[]; more: boolean }> {
    const key = this.#core.keyspace.key('room-log', room);
    // Nothing comes before the first of all ids, and Redis has no interval for it.
    if (page.before === '0-0') return { entries: [], more: false };
    const from = page.before === undefined ? '+' : `(${page.before}`;
    const reply = await this.#core.commands.send(
      ['XREVRANGE', key, from, '-', 'COUNT', String(page.limit + 1)],
      { idempotent: true },
    );
    const found = parseEntries(reply);
    return {
      entries: found.slice(0, page.limit).toReversed().map(toHistoryEntry),
      more: found.length > page.limit,
    };
  }

  /** The id of the room's last entry; `0-0` where it has none. */
  end(room: string): Promise<string> {
    return streamEnd(this.#core, this.#core.keyspace.key('room-log', room));
  }

  /** Up to `limit` entries after the id `after`, oldest first. */
  async readAfter(room: string, after: string, limit: number): Promise<HistoryEntry[]> {
    const key = this.#core.keyspace.key('room-log', room);
    const reply = await this.#core.commands.send(['XRANGE', key, `(${after}`, '+', 'COUNT', String(limit)], {
      idempotent: true,
    });
    return parseEntries(reply).map(toHistoryEntry);
  }
}

function toHistoryEntry({ id, fields: [, event = '', , data = '{}'] }: StreamEntry): HistoryEntry {
  return { id, sentAt: millisecondsOf(id), event, data: JSON.parse(data) as HistoryEntry['data'] };
}

function millisecondsOf(id: string): number {
  return Number(id.slice(0, id.indexOf('-')));
}
