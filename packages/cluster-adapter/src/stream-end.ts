import { parseEntries, type RedisCore } from '@sluice/redis-core';

/** The id of a stream's last entry; `0-0` where it has none. Rejects with redis-core's errors. */
export async function streamEnd(core: RedisCore, stream: string): Promise<string> {
  const reply = await core.commands.send(['XREVRANGE', stream, '+', '-', 'COUNT', '1'], { idempotent: true });
  return parseEntries(reply)[0]?.id ?? '0-0';
}
