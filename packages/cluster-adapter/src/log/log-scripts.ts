import { defineScript } from '@sluice/redis-core';

/**
 * Finds what one process has appended to a topic after a position, a page at a time. Returns the last position looked
 * at, or an empty string at the log's end; then the number and the position of each entry found.
 *
 * KEYS: log. ARGV: process, position to begin after, entries to look at
 */
export const findScript = defineScript(`
local entries = redis.call('XRANGE', KEYS[1], '(' .. ARGV[2], '+', 'COUNT', ARGV[3])
local found = {#entries < tonumber(ARGV[3]) and '' or entries[#entries][1]}
for _, entry in ipairs(entries) do
  local number = string.match(entry[2][2], '^%S+ ' .. ARGV[1] .. '%.(%w+) ')
  if number then
    found[#found + 1] = number
    found[#found + 1] = entry[1]
  end
end
return found
`);

/**
 * Holds what Redis has against the highest position that a process has seen, and the topic it was in. What the store
 * lost is always a tail: if that entry is there, so is all before it. Where it is not, and has not just been trimmed,
 * positions go on beyond it, and all given out so far are marked as possibly lost: other processes may have seen more.
 * Returns the last position.
 *
 * KEYS: index, lost, log of the topic. ARGV: highest position
 */
export const advanceScript = defineScript(`
local function before(a, b)
  local aMs, aSequence = string.match(a, '(%d+)-(%d+)')
  local bMs, bSequence = string.match(b, '(%d+)-(%d+)')
  if aMs == bMs then return tonumber(aSequence) < tonumber(bSequence) end
  return tonumber(aMs) < tonumber(bMs)
end
local function first(stream, from, to)
  local entry = redis.call('XRANGE', stream, from, to, 'COUNT', 1)[1]
  return entry and entry[1]
end
-- True where the stream reaches back to the position and does not hold it.
local function lacks(stream, position)
  local oldest = first(stream, '-', '+')
  return oldest and not before(position, oldest) and not first(stream, position, position)
end
local function neverTrimmed(stream)
  local info = redis.call('XINFO', 'STREAM', stream)
  local values = {}
  for i = 1, #info, 2 do values[info[i]] = info[i + 1] end
  return values['entries-added'] == values['length']
end
local highest = ARGV[1]
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
last = last and last[1] or '0-0'
if highest == '0-0' then return last end
local behind = before(last, highest)
if behind or lacks(KEYS[1], highest) or lacks(KEYS[3], highest)
  or (before(highest, first(KEYS[1], '-', '+')) and neverTrimmed(KEYS[1])) then
  if behind then redis.call('XADD', KEYS[1], highest, 't', '') end
  last = redis.call('XADD', KEYS[1], '*', 't', '')
  redis.call('SET', KEYS[2], last)
end
return last
`);

/** KEYS: index, lost. Returns the last position and the mark of what may be lost. */
export const endScript = defineScript(`
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
return {last and last[1] or '0-0', redis.call('GET', KEYS[2]) or '0-0'}
`);

const prologue = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** KEYS: members. ARGV: member, lease. Returns the members. */
export const beatScript = defineScript(`${prologue}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
return redis.call('ZRANGE', KEYS[1], 0, -1)
`);

/** KEYS: members. Returns the members. */
export const membersScript = defineScript(`${prologue}
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf')
`);
