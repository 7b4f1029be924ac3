import { createConnection } from 'node:net';
import { testkitError } from './errors.ts';
import { within } from './eventually.ts';

/** What Redis answers in RESP2. Errors nested in an array do not occur in the commands that tests send. */
export type RedisReply = string | number | null | readonly RedisReply[];

export interface RedisCommandOptions {
  /** Default 10,000. */
  readonly timeoutMs?: number;
  /** For a server with `requirepass`. */
  readonly password?: string | undefined;
}

/**
 * Runs one command on a connection of its own and closes it: enough to look at a server from outside, without a driver.
 * Throws `redis_error` on an error reply, and the socket's error where the server cannot be reached.
 */
export async function redisCommand(
  port: number,
  args: readonly string[],
  { timeoutMs = 10_000, password }: RedisCommandOptions = {},
): Promise<RedisReply> {
  const commands = password === undefined ? [args] : [['AUTH', password], args];
  const socket = createConnection({ host: '127.0.0.1', port });
  try {
    const reply = new Promise<RedisReply>((resolve, reject) => {
      let received = Buffer.alloc(0);
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('Redis closed the connection')));
      socket.on('data', (chunk) => {
        received = Buffer.concat([received, chunk]);
        try {
          let parsed = parse(received, 0);
          for (let read = 1; parsed !== undefined && read < commands.length; read++) {
            parsed = parse(received, parsed.end);
          }
          if (parsed !== undefined) resolve(parsed.value);
        } catch (error) {
          reject(error);
        }
      });
    });
    socket.write(commands.map(encode).join(''));
    return await within(reply, { timeoutMs, describe: () => `Redis's answer to ${args[0] ?? ''}` });
  } finally {
    socket.destroy();
  }
}

function encode(args: readonly string[]): string {
  const parts = args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`);
  return `*${args.length}\r\n${parts.join('')}`;
}

interface Parsed {
  readonly value: RedisReply;
  readonly end: number;
}

/** Undefined where the reply is not complete yet. */
function parse(bytes: Buffer, start: number): Parsed | undefined {
  const lineEnd = bytes.indexOf('\r\n', start);
  if (lineEnd < 0) return undefined;
  const line = bytes.toString('utf8', start + 1, lineEnd);
  const next = lineEnd + 2;
  switch (bytes.toString('latin1', start, start + 1)) {
    case '+':
      return { value: line, end: next };
    case ':':
      return { value: Number(line), end: next };
    case '$':
      return parseBulk(bytes, Number(line), next);
    case '*':
      return parseArray(bytes, Number(line), next);
    default:
      throw testkitError('redis_error', { text: line });
  }
}

function parseBulk(bytes: Buffer, length: number, start: number): Parsed | undefined {
  if (length < 0) return { value: null, end: start };
  const end = start + length;
  return bytes.length < end + 2 ? undefined : { value: bytes.toString('utf8', start, end), end: end + 2 };
}

function parseArray(bytes: Buffer, length: number, start: number): Parsed | undefined {
  if (length < 0) return { value: null, end: start };
  const values: RedisReply[] = [];
  let end = start;
  while (values.length < length) {
    const parsed = parse(bytes, end);
    if (parsed === undefined) return undefined;
    values.push(parsed.value);
    end = parsed.end;
  }
  return { value: values, end };
}
