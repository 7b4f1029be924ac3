import { describe, expect, test } from '@jest/globals';
import {
  atMost,
  backoffMs,
  CodedError,
  defineErrors,
  sequence,
  systemClock,
  type Lifecycle,
} from '../src/index.ts';

describe('coded errors', () => {
  const failure = defineErrors({
    gone: { text: 'It is gone.', retryable: false },
    later: { text: 'Not now.', retryable: true },
  });

  test('carry code, text, retryability and cause', () => {
    const cause = new Error('why');
    const error = failure('later', { cause });
    expect(error).toBeInstanceOf(CodedError);
    expect(error).toMatchObject({ code: 'later', message: 'Not now.', retryable: true, cause });
    expect(failure('gone', { text: 'Gone since noon.' }).message).toBe('Gone since noon.');
  });

  test('are told apart by their table and code', () => {
    const other = defineErrors({ elsewhere: { text: '', retryable: false } });
    expect(failure.is(failure('gone'))).toBe(true);
    expect(failure.is(failure('gone'), 'later')).toBe(false);
    expect(failure.is(other('elsewhere'))).toBe(false);
    expect(failure.is(new Error('gone'))).toBe(false);
  });
});

describe('back-off', () => {
  const limits = { baseMs: 50, capMs: 1_500 };

  test('grows from its base to its cap and never exceeds either ceiling', () => {
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const ceiling = Math.min(1_500, 50 * 2 ** attempt);
      expect(backoffMs(attempt, { ...limits, random: () => 0 })).toBe(Math.round(ceiling / 2));
      expect(backoffMs(attempt, { ...limits, random: () => 0.999999 })).toBeLessThanOrEqual(ceiling);
    }
  });
});

describe('waiting for at most so long', () => {
  test('ends with the work, whatever becomes of it, and without it when the time is over', async () => {
    let cancelled = 0;
    let over = (): void => undefined;
    const clock = {
      now: () => systemClock.now(),
      schedule(delayMs: number, callback: () => void) {
        expect(delayMs).toBe(70);
        over = callback;
        return () => void (cancelled += 1);
      },
    };
    await atMost(70, Promise.resolve('done'), clock);
    await atMost(70, Promise.reject(new Error('broken')), clock);
    const waiting = atMost(70, new Promise(() => undefined), clock);
    expect(cancelled).toBe(2);
    over();
    await waiting;
    expect(cancelled).toBe(3);
  });
});

describe('a sequence of parts', () => {
  const journal: string[] = [];
  const part = (name: string, faults: { start?: boolean; stop?: boolean } = {}): Lifecycle => ({
    name,
    start: async () => {
      journal.push(`start ${name}`);
      if (faults.start === true) throw new Error(`${name} failed`);
    },
    stop: async () => {
      journal.push(`stop ${name}`);
      if (faults.stop === true) throw new Error(`${name} hung`);
    },
  });
  const compose = (...parts: Lifecycle[]): Lifecycle => {
    journal.length = 0;
    return sequence('all', parts, { now: () => performance.now() });
  };
  const never = new AbortController().signal;

  test('starts in order and stops in reverse, each once', async () => {
    const all = compose(part('a'), part('b'));
    await all.start(never);
    await all.start(never);
    await all.stop(100);
    await all.stop(100);
    expect(journal).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  });

  test('gives overlapping calls one outcome', async () => {
    let release = (): void => undefined;
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    const all = compose({ ...part('a'), stop: () => slow });
    await Promise.all([all.start(never), all.start(never)]);
    let stopped = 0;
    const stops = [all.stop(100), all.stop(100)].map((stop) => stop.then(() => (stopped += 1)));
    await Promise.resolve();
    expect(stopped).toBe(0);
    release();
    await Promise.all(stops);
    expect([journal, stopped]).toEqual([['start a'], 2]);
  });

  test('stops what had started where a start fails, the failed one included', async () => {
    const all = compose(part('a'), part('b', { start: true }), part('c'));
    await expect(all.start(never)).rejects.toThrow('b failed');
    expect(journal).toEqual(['start a', 'start b', 'stop b', 'stop a']);
    await all.stop(100);
    expect(journal).toHaveLength(4);
  });

  test('stops every part even where one cannot, and says so', async () => {
    const all = compose(part('a'), part('b', { stop: true }));
    await all.start(never);
    await expect(all.stop(100)).rejects.toMatchObject({ errors: [new Error('b hung')] });
    expect(journal.at(-1)).toBe('stop a');
  });

  test('goes no further once its start is called off', async () => {
    const calledOff = new AbortController();
    const all = compose(
      { ...part('a'), start: async () => calledOff.abort(new Error('no more')) },
      part('b'),
    );
    await expect(all.start(calledOff.signal)).rejects.toThrow('no more');
    expect(journal).not.toContain('start b');
  });
});
