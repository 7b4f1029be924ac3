import type { Clock } from '@sluice/kernel';
import type { Connection } from './connection.ts';
import { translate } from './translate.ts';
import type { RedisReply } from './commands.ts';

export interface StreamEntry {
  readonly id: string;
  /** Field names and values in turn, as stored. */
  readonly fields: readonly string[];
}

export interface StreamReader {
  /**
   * Waits up to `blockMs` for entries of `stream` after the id `after`, and returns them, or none. Waits for the
   * connection first. Rejects with a coded error where the connection is lost meanwhile, with `redis_closed` after
   * the core's stop.
   */
  read(stream: string, after: string, options: { count: number; blockMs: number }): Promise<StreamEntry[]>;
}

/** Entries of an XRANGE, XREVRANGE or of one stream in an XREAD reply. */
export function parseEntries(reply: RedisReply | undefined): StreamEntry[] {
  if (!Array.isArray(reply)) return [];
  return (reply as [string, string[]][]).map(([id, fields]) => ({ id, fields }));
}

/** A reader blocks its connection, so each purpose has one of its own. */
export class BlockingReader implements StreamReader {
  readonly #connection: Connection;
  readonly #maxBlockMs: number;
  readonly #clock: Clock;

  constructor(connection: Connection, maxBlockMs: number, clock: Clock) {
    this.#connection = connection;
    this.#maxBlockMs = maxBlockMs;
    this.#clock = clock;
  }

  async read(
    stream: string,
    after: string,
    options: { count: number; blockMs: number },
  ): Promise<StreamEntry[]> {
    const client = await this.#connection.whenReady();
    // The probe of the connection waits behind the read; it must not take it for a frozen peer.
    const blockMs = Math.min(options.blockMs, this.#maxBlockMs);
    const args = [
      'XREAD',
      'COUNT',
      String(options.count),
      'BLOCK',
      String(blockMs),
      'STREAMS',
      stream,
      after,
    ];
    const beganAt = this.#clock.now();
    try {
      const reply: RedisReply = await client.sendCommand(args);
      this.#connection.measure('ok', beganAt);
      return parseEntries((reply as Readonly<Record<string, RedisReply>> | null)?.[stream]);
    } catch (cause) {
      const error = translate(cause);
      this.#connection.measure(error.code, beganAt);
      throw error;
    }
  }
}
