import { expect, test } from '@jest/globals';
import { eventually } from '@sluice/testkit';
import { RoomFollower } from '../src/room-follower.ts';
import type { HistoryEntry } from '../src/room-log.ts';

const entryOf = (id: string): HistoryEntry => ({ id, sentAt: 0, event: 'said', data: {} });
const payloadOf = (id: string): Buffer =>
  Buffer.from(
    `{"uid":"emitter","nsp":"/","type":3,"data":{"packet":{"type":2,"data":["said",{"id":"${id}"}]}}}`,
  );
const idOf = (payload: Buffer): string => /"id":"([^"]+)"/.exec(payload.toString())?.[1] ?? '';

/** A follower whose connections come and go, and whose log answers, when the test says so. */
function startFollower() {
  const subscriber = { generation: 0 };
  const log: string[] = [];
  const held: (() => void)[] = [];
  const delivered: string[] = [];
  const answer = <T>(give: () => T): Promise<T> => new Promise((resolve) => held.push(() => resolve(give())));
  const follower = new RoomFollower({
    room: 'r',
    subscriber: subscriber as never,
    log: {
      end: () => answer(() => log.at(-1) ?? '0-0'),
      readAfter: (_room, after) => answer(() => log.filter((id) => id > after).map(entryOf)),
    },
    deliver: (payload) => void delivered.push(idOf(payload)),
    encode: (_room, { id }) => payloadOf(id),
    onFault: (cause) => {
      throw cause;
    },
  });
  return {
    follower,
    delivered,
    connect: () => void (subscriber.generation += 1),
    append: (...ids: string[]) => void log.push(...ids),
    hear: (...ids: string[]) => ids.forEach((id) => follower.onPayload(payloadOf(id))),
    answered: async () => {
      await eventually(() => held.length > 0);
      held.shift()?.();
    },
  };
}

test('what is read for a connection that is lost meanwhile is not delivered again when the next one brings it', async () => {
  const { follower, delivered, connect, append, hear, answered } = startFollower();
  connect();
  follower.onConfirmed();
  await answered();
  await follower.caughtUp();
  append('1-0');
  hear('1-0');

  connect();
  follower.onConfirmed();
  await answered();
  // Heard over a third connection, before the reading for the second one has ended.
  connect();
  append('2-0', '3-0');
  hear('2-0');
  await answered();
  await eventually(() => delivered.length === 3);
  follower.onConfirmed();
  await answered();
  await answered();
  hear('3-0', '4-0');
  await follower.caughtUp();
  hear('5-0');
  expect(delivered).toEqual(['1-0', '2-0', '3-0', '4-0', '5-0']);
});

test('what came over a first connection that was lost before the room was whole is not owed, and comes neither late nor twice', async () => {
  const { follower, delivered, connect, append, hear, answered } = startFollower();
  connect();
  follower.onConfirmed();
  append('1-0');
  hear('1-0');
  connect();
  await answered();
  append('2-0');
  follower.onConfirmed();
  await answered();
  await follower.caughtUp();
  hear('3-0');
  append('3-0', '4-0');
  connect();
  follower.onConfirmed();
  await answered();
  await answered();
  await follower.caughtUp();
  hear('5-0');
  expect(delivered).toEqual(['3-0', '4-0', '5-0']);
});

test('what begins anew below what was heard is delivered', async () => {
  const { follower, delivered, connect, append, hear, answered } = startFollower();
  connect();
  append('7-0');
  follower.onConfirmed();
  await answered();
  await follower.caughtUp();
  hear('8-0', '1-0', '2-0');
  expect(delivered).toEqual(['8-0', '1-0', '2-0']);
});
