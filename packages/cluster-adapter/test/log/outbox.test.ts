import { expect, test } from '@jest/globals';
import type { Clock } from '@sluice/kernel';
import { redisError } from '@sluice/redis-core';
import type { LogReceipt } from '../../src/log/cluster-log.ts';
import { Outbox, type Outgoing } from '../../src/log/outbox.ts';
import { retention } from './log-benches.ts';

interface Attempt {
  readonly item: Outgoing;
  succeed(): void;
  fail(code: 'redis_connection_lost' | 'redis_not_ready'): void;
}

/** An outbox whose attempts end when told to, in a time that passes when told to. */
function openOutbox() {
  let nowMs = 0;
  let connected = true;
  let timer: { readonly dueMs: number; readonly callback: () => void } | undefined;
  const clock: Clock = {
    now: () => nowMs,
    schedule(delayMs, callback) {
      timer = { dueMs: nowMs + delayMs, callback };
      return () => (timer = undefined);
    },
  };
  const attempts: Attempt[] = [];
  const outbox = new Outbox(
    { maxBytes: 100_000, maxAgeMs: 1_000 },
    {
      clock,
      connected: () => connected,
      highest: () => '5-0',
      onHeld: () => undefined,
      attempt: (item) =>
        new Promise<LogReceipt>((resolve, reject) => {
          attempts.push({
            item,
            succeed: () => resolve({ position: `${item.number}-0`, duplicate: false }),
            fail: (code) => reject(redisError(code)),
          });
        }),
    },
  );
  const publish = (body: string): Promise<LogReceipt> => {
    const receipt = outbox.publish({ topics: ['a'], body, retention });
    receipt.catch(() => undefined);
    return receipt;
  };
  /** Takes what has been sent since the last call. */
  const sent = (): Attempt[] => attempts.splice(0);
  const bodies = (some: readonly Attempt[]) => some.map(({ item }) => item.publication.body);
  return {
    outbox,
    publish,
    sent,
    bodies,
    disconnect: (): void => void (connected = false),
    pass: (durationMs: number): void => {
      nowMs += durationMs;
      if (timer !== undefined && timer.dueMs <= nowMs) timer.callback();
    },
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('sends again, in the order of calls, what failed before what came after it', async () => {
  const { outbox, publish, sent, bodies } = openOutbox();
  outbox.open();
  for (const body of ['1', '2', '3']) void publish(body);
  const first = sent();
  first[0]?.succeed();
  first[2]?.fail('redis_connection_lost');
  first[1]?.fail('redis_connection_lost');
  await settled();
  void publish('4');
  expect(sent()).toEqual([]);
  expect(outbox.unknown.map(({ number, after }) => [number, after])).toEqual([
    [2, '5-0'],
    [3, '5-0'],
  ]);
  outbox.open();
  expect(bodies(sent())).toEqual(['2', '3', '4']);
});

test('rejects what Redis refused for now where it took a later one, so that the order stays', async () => {
  const { outbox, publish, sent, bodies } = openOutbox();
  outbox.open();
  const [refused, , held] = ['1', '2', '3'].map((body) => publish(body));
  const first = sent();
  first[0]?.fail('redis_not_ready');
  first[1]?.succeed();
  first[2]?.fail('redis_not_ready');
  await settled();
  expect(outbox.unknown).toEqual([]);
  outbox.open();
  await expect(refused).rejects.toMatchObject({ code: 'redis_not_ready' });
  const second = sent();
  expect(bodies(second)).toEqual(['3']);
  second[0]?.succeed();
  expect(await held).toMatchObject({ position: '3-0' });
});

test('says that the outcome is unknown only as long as it is', async () => {
  const { outbox, publish, sent, pass, disconnect } = openOutbox();
  outbox.open();
  const logged = publish('1');
  const looked = publish('2');
  for (const attempt of sent()) attempt.fail('redis_connection_lost');
  await settled();
  const [first] = outbox.unknown;
  if (first !== undefined) outbox.settle(first, { position: '7-0', duplicate: false });
  expect(await logged).toMatchObject({ position: '7-0' });
  // The second has been looked for and is not there.
  disconnect();
  outbox.open();
  pass(1_000);
  const refusal: unknown = await looked.catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'log_expired' });
  expect(refusal).not.toHaveProperty('cause');
});

test('gives up what failed late at its own age, though younger ones wait', async () => {
  const { outbox, publish, sent, pass, disconnect } = openOutbox();
  outbox.open();
  const old = publish('1');
  pass(900);
  disconnect();
  void publish('2');
  sent()[0]?.fail('redis_connection_lost');
  await settled();
  pass(100);
  await expect(old).rejects.toMatchObject({ code: 'log_expired', cause: { code: 'redis_connection_lost' } });
});

test('has one timer for all that waits, and gives up each at its age', async () => {
  const { outbox, publish, pass } = openOutbox();
  const outcomes: string[] = [];
  const watch = (name: string, receipt: Promise<unknown>): void =>
    void receipt.then(
      () => outcomes.push(name),
      () => outcomes.push(`${name} given up`),
    );
  watch('1', publish('1'));
  pass(400);
  watch('2', publish('2'));
  pass(600);
  await settled();
  expect(outcomes).toEqual(['1 given up']);
  pass(400);
  await settled();
  expect(outcomes).toEqual(['1 given up', '2 given up']);
  await outbox.emptied();
});
