import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { limits } from '@sluice/protocol';
import type { Scope, Target } from '@sluice/testkit';
import { connectRaw } from './lanes-support.ts';

export interface FloodOptions {
  readonly room: string;
  readonly bytesPerSecond: number;
}

export interface Flood {
  readonly lineBytes: number;
  /** Lines that have been acknowledged; throws where one was not. */
  readonly said: number;
  /** Resolves to the ids of all lines, in the order of the log, once each has been acknowledged. */
  stop(): Promise<string[]>;
}

// Enough to fill every round trip, and no more than the gateway's outbox and the shortest of logs hold: the speaker hears
// itself, and must not fall behind.
const maxUnderWay = 200;
// As many take their time on a busy machine.
const answerMs = 60_000;

/** Says the longest lines there are at a steady rate, as fast as possible where that is too fast. */
export async function startFlood(
  scope: Scope,
  target: Target,
  { room, bytesPerSecond }: FloodOptions,
): Promise<Flood> {
  const token = await target.issuer.token('flood');
  const speaker = await connectRaw(scope, target, { auth: { token, recovery: 'off' }, deaf: true });
  await speaker.succeed('room:join', { room });
  // Three bytes each: the most bytes with the fewest lines, since it is bytes that are to be many.
  const text = '€'.repeat(limits.textLength);
  const lineBytes = Buffer.byteLength(text);
  const ids: string[] = [];
  const underWay = new Set<Promise<void>>();
  const enough = new AbortController();
  scope.onClose(() => enough.abort());
  const failures: unknown[] = [];
  const throwIfFailed = (): void => {
    if (failures.length > 0) throw new AggregateError(failures, 'lines were not acknowledged');
  };
  const say = async (): Promise<void> => {
    try {
      const line = { room, text, clientId: randomUUID() };
      const { id } = await speaker.succeed('message:send', line, answerMs);
      ids.push(id);
    } catch (error) {
      failures.push(error);
      enough.abort();
    }
  };
  const began = performance.now();
  const work = (async () => {
    for (let started = 0; !enough.signal.aborted;) {
      const due = ((performance.now() - began) / 1_000) * (bytesPerSecond / lineBytes);
      const unheard = (): number => started - speaker.messagesHeard;
      for (; started < due && Math.max(underWay.size, unheard()) < maxUnderWay; started++) {
        const line: Promise<void> = say().finally(() => underWay.delete(line));
        underWay.add(line);
      }
      await pause(5);
    }
    await Promise.all(underWay);
  })();
  return {
    lineBytes,
    get said() {
      throwIfFailed();
      return ids.length;
    },
    async stop() {
      enough.abort();
      await work;
      throwIfFailed();
      return ids.toSorted(inLogOrder);
    },
  };
}

function inLogOrder(one: string, other: string): number {
  const [oneMs = 0, oneSequence = 0] = one.split('-').map(Number);
  const [otherMs = 0, otherSequence = 0] = other.split('-').map(Number);
  return oneMs - otherMs || oneSequence - otherSequence;
}
