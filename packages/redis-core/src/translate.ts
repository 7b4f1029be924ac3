import type { CodedError } from '@sluice/kernel';
import { ErrorReply } from '@redis/client';
import { redisError, type RedisErrorCode } from './errors.ts';

// First words of replies that say "later", from Redis's own error table (server.c, createSharedObjects) and
// cluster.c. They carry no data of the command.
const transientReplies = new Set([
  'LOADING',
  'BUSY',
  'READONLY',
  'MASTERDOWN',
  'CLUSTERDOWN',
  'TRYAGAIN',
  'NOREPLICAS',
  // To one whose blocking read was ended because the master became a replica.
  'UNBLOCKED',
  // Out of memory, or unable to write its append-only file: somebody has to act, and then it goes on.
  'OOM',
  'MISCONF',
]);

// Where a word begins with a quotation mark, Redis repeats something of the command.
const quotation = /(^|[\s:(])['"`].*$/s;

/** The same error without what a reply repeats of the command, which may be what users wrote, or a password. */
export function withoutArguments(error: unknown): unknown {
  if (!(error instanceof ErrorReply)) return error;
  const text = error.message.replace(quotation, '$1…');
  return text === error.message ? error : new ErrorReply(text);
}

/** The first word of an error reply, in capitals: `WRONGTYPE`, `NOSCRIPT`, ... */
export function replyCode(error: unknown): string | undefined {
  if (!(error instanceof ErrorReply)) return undefined;
  return /^[A-Z]+/.exec(error.message)?.[0] ?? 'ERR';
}

/** The one edge where errors of the driver and replies of the server become coded errors. */
export function translate(error: unknown): CodedError<RedisErrorCode> {
  if (redisError.is(error)) return error;
  const reply = replyCode(error);
  const cause = withoutArguments(error);
  if (reply === undefined) return redisError('redis_connection_lost', { cause });
  if (transientReplies.has(reply)) return redisError('redis_not_ready', { cause });
  return redisError('redis_refused', { text: `Redis refused the command (${reply}).`, cause });
}
