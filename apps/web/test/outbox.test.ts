import { beforeEach, describe, expect, test } from '@jest/globals';
import type { MessageSent } from '@sluice/protocol';
import type { Answer } from '../src/connection/wire.ts';
import { Outbox } from '../src/outbox/outbox.ts';
import { parseOutbox, type OutboxEntry } from '../src/outbox/outbox-entry.ts';
import type { JsonShelf } from '../src/storage/json-shelf.ts';
import { ManualClock, memoryShelf, settled } from './fixtures.ts';

const sent = (n: number): Answer<MessageSent> => ({ ok: true, id: `${n}-0`, sentAt: n });
const failed = (code: 'unavailable' | 'too_large' | 'connection_lost'): Answer<MessageSent> => ({
  ok: false,
  error: { code, message: `${code}!`, retryable: code !== 'too_large' },
});
const options = { maxAttempts: 3, delays: { baseMs: 100, capMs: 1_000 }, resendWindowMs: 60_000 };

let clock: ManualClock;
let shelf: JsonShelf<readonly OutboxEntry[]>;
let outbox: Outbox;
let nextId: number;
/** What was sent, each waiting for its answer. */
let sends: { readonly entry: OutboxEntry; readonly answer: (answer: Answer<MessageSent>) => void }[];
let acknowledged: string[];

function start(): Outbox {
  return new Outbox(
    {
      clock,
      shelf,
      random: () => 1,
      newClientId: () => `c${(nextId += 1)}`,
      send: async (entry) => new Promise((answer) => sends.push({ entry, answer })),
      onSent: ({ text }) => acknowledged.push(text),
    },
    options,
  );
}

async function answerNext(answer: Answer<MessageSent>): Promise<void> {
  const send = sends.shift();
  expect(send).toBeDefined();
  send?.answer(answer);
  await settled();
}

const phases = (): readonly string[] =>
  outbox.entries.get().map(({ text, phase }) => `${text} ${phase.kind}`);

beforeEach(() => {
  clock = new ManualClock();
  shelf = memoryShelf();
  sends = [];
  acknowledged = [];
  nextId = 0;
  outbox = start();
});

describe('the outbox', () => {
  test('sends a room one message at a time, in the order written', async () => {
    outbox.openRoom('r');
    outbox.add('r', 'one');
    outbox.add('r', 'two');
    await settled();
    expect(sends.map(({ entry }) => entry.text)).toEqual(['one']);
    await answerNext(sent(1));
    await answerNext(sent(2));
    expect(acknowledged).toEqual(['one', 'two']);
    expect(outbox.entries.get()).toEqual([]);
  });

  test('one room does not wait for another', async () => {
    outbox.openRoom('r');
    outbox.openRoom('s');
    outbox.add('r', 'one');
    outbox.add('s', 'two');
    await settled();
    expect(sends.map(({ entry }) => entry.room)).toEqual(['r', 's']);
  });

  test('keeps what is written without a connection until the room is open', async () => {
    outbox.add('r', 'one');
    await settled();
    expect(sends).toEqual([]);
    outbox.openRoom('r');
    await answerNext(sent(1));
    expect(acknowledged).toEqual(['one']);
  });

  test('sends again under the same clientId after the connection was lost', async () => {
    outbox.openRoom('r');
    outbox.add('r', 'one');
    await settled();
    const first = sends[0]?.entry.clientId;
    await answerNext(failed('connection_lost'));
    expect(sends).toEqual([]);
    expect(phases()).toEqual(['one waiting']);
    outbox.closeAll();
    outbox.openRoom('r');
    await settled();
    expect(sends[0]?.entry.clientId).toBe(first);
  });

  test('backs off where it may retry, then fails, then tries again when the room opens', async () => {
    outbox.openRoom('r');
    outbox.add('r', 'one');
    await settled();
    await answerNext(failed('unavailable'));
    await clock.advance(99);
    expect(sends).toEqual([]);
    await clock.advance(1);
    await answerNext(failed('unavailable'));
    await clock.advance(200);
    await answerNext(failed('unavailable'));
    expect(phases()).toEqual(['one failed']);
    outbox.openRoom('r');
    await settled();
    await answerNext(sent(1));
    expect(acknowledged).toEqual(['one']);
  });

  test('does not wait out its back-off when the room opens anew', async () => {
    outbox.openRoom('r');
    outbox.add('r', 'one');
    await settled();
    await answerNext(failed('unavailable'));
    outbox.closeAll();
    outbox.openRoom('r');
    await settled();
    expect(sends).toHaveLength(1);
  });

  test('a refused message fails at once, holds up nothing, and is sent again only when asked', async () => {
    outbox.openRoom('r');
    outbox.add('r', 'one');
    outbox.add('r', 'two');
    await settled();
    await answerNext(failed('too_large'));
    await answerNext(sent(2));
    expect(phases()).toEqual(['one failed']);
    outbox.openRoom('r');
    await settled();
    expect(sends).toEqual([]);
    outbox.retry('c1');
    await settled();
    expect(sends[0]?.entry).toMatchObject({ clientId: 'c1', firstSentAt: undefined, handedOver: true });
  });

  test('an entry that was delivered before its acknowledgement is settled, and sent no more', async () => {
    outbox.openRoom('r');
    outbox.add('r', 'one');
    await settled();
    outbox.settle([{ room: 's', clientId: 'c1' }]);
    expect(phases()).toEqual(['one waiting']);
    outbox.settle([{ room: 'r', clientId: 'c1' }]);
    expect(phases()).toEqual([]);
    await answerNext(failed('unavailable'));
    await clock.advance(10_000);
    expect(sends).toEqual([]);
  });

  test('survives a reload, and leaves to the user what the cluster may have forgotten', async () => {
    outbox.openRoom('r');
    outbox.add('r', 'sent without an answer');
    await settled();
    outbox.add('r', 'never sent');
    shelf = memoryShelf(parseOutbox(JSON.parse(JSON.stringify(shelf.read()))));
    sends = [];
    await clock.advance(options.resendWindowMs);
    outbox = start();
    expect(phases()).toEqual(['sent without an answer waiting', 'never sent waiting']);
    outbox.openRoom('r');
    await settled();
    expect(phases()).toEqual(['sent without an answer failed', 'never sent waiting']);
    expect(sends.map(({ entry }) => entry.text)).toEqual(['never sent']);
  });

  test('reads back nothing that it could not have written', () => {
    expect(parseOutbox('no')).toBeUndefined();
    expect(parseOutbox([null, { room: 'r' }, 7])).toEqual([]);
  });

  test('forgets the messages of a room that is left', async () => {
    outbox.openRoom('r');
    outbox.add('r', 'one');
    outbox.add('s', 'two');
    outbox.discardRoom('r');
    expect(phases()).toEqual(['two waiting']);
  });
});
