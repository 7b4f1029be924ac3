import { describe, expect, test } from '@jest/globals';
import type { HistoryPage } from '@sluice/protocol';
import type { Answer } from '../src/connection/wire.ts';
import { readSince } from '../src/timeline/read-since.ts';
import { message, numbers, range } from './fixtures.ts';

const options = { overlapMs: 2_000, maxPages: 4 };

function historyOf(last: number, page: number) {
  const asked: (string | undefined)[] = [];
  const all = range(1, last);
  const read = async (before: string | undefined): Promise<Answer<HistoryPage>> => {
    asked.push(before);
    const end = before === undefined ? all.length : all.findIndex(({ id }) => id === before);
    const start = Math.max(0, end - page);
    return { ok: true, messages: all.slice(start, end), more: start > 0 };
  };
  return { asked, read };
}

describe('reading the history since a message', () => {
  test('pages back until it meets the message and the overlap before it', async () => {
    const { asked, read } = historyOf(30, 5);
    const run = await readSince(read, message(18), options);
    expect(run).toMatchObject({ ok: true, bridged: true, more: true });
    expect(asked).toEqual([undefined, '26000-0', '21000-0']);
    expect(run.ok && numbers(run.messages)).toEqual(numbers(range(16, 30)));
  });

  test('reads on where the message is met and the overlap is not', async () => {
    const { asked, read } = historyOf(30, 5);
    await readSince(read, message(26), options);
    expect(asked).toHaveLength(2);
  });

  test('ends at the beginning of the room', async () => {
    const { read } = historyOf(3, 5);
    await expect(readSince(read, message(1), options)).resolves.toMatchObject({ bridged: true, more: false });
  });

  test('reads one page where nothing was known', async () => {
    const { asked, read } = historyOf(30, 5);
    await expect(readSince(read, undefined, options)).resolves.toMatchObject({ bridged: false, more: true });
    expect(asked).toHaveLength(1);
  });

  test('gives up after its pages and says that it did not arrive', async () => {
    const { asked, read } = historyOf(90, 5);
    await expect(readSince(read, message(2), options)).resolves.toMatchObject({ bridged: false, more: true });
    expect(asked).toHaveLength(4);
  });

  test('returns the first failure', async () => {
    const failure = {
      ok: false,
      error: { code: 'unavailable', message: 'later', retryable: true },
    } as const;
    await expect(readSince(async () => failure, message(2), options)).resolves.toBe(failure);
  });
});
