import { defineScript } from '@sluice/redis-core';

// KEYS[1] is always the session's hash. Beside the session's own fields it has `written`, the number of the holder's last
// write, and, once claimed, `claim`, the last claim's own id, and `previousOwner`.

// In pieces, because Lua's stack holds no more than 8,000 values; an even number, because values follow their fields.
const inPieces = `
local function inPieces(command, from, to)
  for i = from, to, 1000 do
    redis.call(command, KEYS[1], unpack(ARGV, i, math.min(i + 999, to)))
  end
end
`;

// ARGV: sid, number of the write, life, field, value, …
// Done before, or overtaken by a claim: nothing is left to do.
export const createScript = defineScript(`${inPieces}
local found = redis.call('HMGET', KEYS[1], 'sid', 'generation', 'written')
if found[1] then
  if found[1] ~= ARGV[1] then return 0 end
  if found[2] ~= '1' or tonumber(found[3]) >= tonumber(ARGV[2]) then return 1 end
  redis.call('UNLINK', KEYS[1])
end
redis.call('HSET', KEYS[1], 'sid', ARGV[1], 'written', ARGV[2], 'generation', '1')
inPieces('HSET', 4, #ARGV)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`);

// ARGV: generation, number of the write, life, how many fields go, those, field, value, …
export const saveScript = defineScript(`${inPieces}
local found = redis.call('HMGET', KEYS[1], 'generation', 'written')
if found[1] ~= ARGV[1] then return 'fenced' end
if tonumber(found[2]) > tonumber(ARGV[2]) then return 'late' end
local last = 4 + tonumber(ARGV[4])
inPieces('HDEL', 5, last)
inPieces('HSET', last + 1, #ARGV)
redis.call('HSET', KEYS[1], 'written', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 'saved'
`);

// ARGV: namespace, user, owner, the claim's own id, life
export const claimScript = defineScript(`
local found = redis.call('HMGET', KEYS[1], 'namespace', 'user', 'owner', 'claim')
if not found[1] then return 'unknown' end
if found[1] ~= ARGV[1] or found[2] ~= ARGV[2] then return 'foreign' end
if found[4] ~= ARGV[4] then
  redis.call('HINCRBY', KEYS[1], 'generation', 1)
  redis.call('HSET', KEYS[1], 'previousOwner', found[3], 'owner', ARGV[3], 'claim', ARGV[4], 'written', '0')
end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return redis.call('HGETALL', KEYS[1])
`);

// ARGV: generation, life
export const touchScript = defineScript(`
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`);

// ARGV: generation
export const removeScript = defineScript(`
if redis.call('HGET', KEYS[1], 'generation') == ARGV[1] then redis.call('UNLINK', KEYS[1]) end
`);
