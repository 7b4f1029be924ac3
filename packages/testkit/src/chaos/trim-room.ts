import type { RedisServer } from '../redis.ts';

/**
 * Forgets all but the last `keep` entries of whatever streams bear the room's name. It looks for keys as no server should,
 * so that it needs to know no driver's layout.
 */
export async function trimRoom(redis: RedisServer, room: string, keep: number): Promise<void> {
  let cursor = '0';
  do {
    const reply = await redis.command(
      'SCAN',
      cursor,
      'MATCH',
      `*${room}*`,
      'COUNT',
      '10000',
      'TYPE',
      'stream',
    );
    const [next, keys] = reply as [string, readonly string[]];
    for (const key of keys) await redis.command('XTRIM', key, 'MAXLEN', String(keep));
    cursor = next;
  } while (cursor !== '0');
}
