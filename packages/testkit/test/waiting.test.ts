import { describe, expect, test } from '@jest/globals';
import { eventually, Journal, openScope, within } from '@sluice/testkit';

describe('eventually', () => {
  test('returns the first value that is there', async () => {
    let calls = 0;
    expect(await eventually(() => (++calls > 2 ? calls : undefined))).toBe(3);
  });

  test('says what it waited for, and the last error', async () => {
    const cause = new Error('still closed');
    const waited = eventually(() => Promise.reject(cause), {
      timeoutMs: 50,
      describe: () => 'the door opens',
    });
    await expect(waited).rejects.toMatchObject({
      code: 'not_in_time',
      message: 'waited 50 ms in vain: the door opens',
      cause,
    });
  });
});

describe('within', () => {
  test('passes on what the promise settles to', async () => {
    expect(await within(Promise.resolve(1))).toBe(1);
    await expect(within(Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  test('gives up', async () => {
    await expect(within(new Promise(() => undefined), { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'not_in_time',
    });
  });
});

describe('Journal', () => {
  test('wakes a waiter at the entry it waits for', async () => {
    const journal = new Journal<number>();
    const seen: number[] = [];
    journal.add(1);
    journal.subscribe((entry) => seen.push(entry));
    const waiting = journal.until((entries) => entries.find((entry) => entry > 2));
    for (const entry of [2, 3, 4]) journal.add(entry);
    expect(await waiting).toBe(3);
    expect(seen).toEqual([1, 2, 3, 4]);
  });
});

describe('openScope', () => {
  test('closes in reverse order, even where a part fails', async () => {
    const scope = openScope();
    const closed: string[] = [];
    scope.onClose(() => closed.push('first'));
    scope.onClose(() => {
      throw new Error('stuck');
    });
    scope.onClose(async () => {
      await Promise.resolve();
      closed.push('last');
    });
    await expect(scope.close()).rejects.toMatchObject({ errors: [new Error('stuck')] });
    expect(closed).toEqual(['last', 'first']);
    await scope.close();
    expect(closed).toHaveLength(2);
  });
});
