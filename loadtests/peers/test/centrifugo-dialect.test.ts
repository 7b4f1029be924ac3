import { expect, test } from '@jest/globals';
import { createDialect } from '../src/generator/dialect/create-dialect.ts';
import type { Dialect } from '../src/generator/dialect/dialect.ts';
import { textOf } from '../src/generator/dialect/message-text.ts';

// As Centrifugo 6.9 wrote them over `/connection/websocket`.
const connected =
  '{"id":1,"connect":{"client":"3b2dd01b-de37-47eb-8feb-6ca8f9985cf6","version":"6.9.1 OSS","ping":25,"pong":true}}';
const subscribed = '{"id":2,"subscribe":{"recoverable":true,"epoch":"jKEjiEBV","positioned":true}}';
const published = '{"id":3,"publish":{}}';
const info = '{"user":"","client":"3b2dd01b-de37-47eb-8feb-6ca8f9985cf6"}';
const pushed = (number: number) =>
  `{"push":{"channel":"room-1","pub":{"data":{"room":"room-1","text":"${textOf(number)}"},"info":${info},"offset":${number + 1}}}}`;
const publication = (number: number) =>
  `{"data":{"room":"room-1","text":"${textOf(number)}"},"info":${info},"offset":${number + 1}}`;
const recovered = (...numbers: number[]) =>
  `{"id":4,"subscribe":{"recoverable":true,"epoch":"jKEjiEBV","publications":[${numbers.map(publication).join()}],"recovered":true,"offset":9,"positioned":true,"was_recovering":true}}`;
const unrecovered =
  '{"id":4,"subscribe":{"recoverable":true,"epoch":"jKEjiEBV","offset":2,"positioned":true,"was_recovering":true}}';

/** What a client makes of one WebSocket message: the numbers delivered, and what else there was. */
function read(dialect: Dialect, message: string) {
  return dialect.framesOf(Buffer.from(message)).map((frame) => {
    const number = dialect.hear(frame);
    return number ?? dialect.answer(frame.toString(), 'user');
  });
}

function subscribedClient(): Dialect {
  const dialect = createDialect('centrifugo');
  dialect.open();
  dialect.join('room-1');
  read(dialect, subscribed);
  return dialect;
}

test('a client of Centrifugo connects, subscribes, publishes and answers pings', () => {
  const dialect = createDialect('centrifugo');
  expect(dialect.open()).toEqual({ kind: 'say', frame: '{"id":1,"connect":{}}' });
  expect(read(dialect, connected)).toEqual([{ kind: 'admitted', recovered: false }]);
  expect(dialect.join('room-1')).toBe('{"id":2,"subscribe":{"channel":"room-1"}}');
  expect(read(dialect, subscribed)).toEqual([{ kind: 'joined', recovered: false, missed: [] }]);
  expect(JSON.parse(dialect.message('room-1', textOf(0)))).toEqual({
    id: 3,
    publish: { channel: 'room-1', data: { room: 'room-1', text: textOf(0) } },
  });
  expect(read(dialect, '{}')).toEqual([{ kind: 'say', frame: '{}' }]);
});

test('several replies in one WebSocket message are told apart', () => {
  const dialect = subscribedClient();
  expect(read(dialect, `${published}\n${pushed(0)}\n${pushed(1)}\n{}`)).toEqual([
    { kind: 'nothing' },
    0,
    1,
    { kind: 'say', frame: '{}' },
  ]);
});

test('who comes back asks for what followed the last message heard, or the position of the subscription', () => {
  const dialect = subscribedClient();
  const positions: unknown[] = [JSON.parse(dialect.join('room-1'))];
  read(dialect, `${pushed(3)}\n${pushed(4)}`);
  positions.push(JSON.parse(dialect.join('room-1')));
  expect(read(dialect, recovered(5, 6))).toEqual([{ kind: 'joined', recovered: true, missed: [5, 6] }]);
  positions.push(JSON.parse(dialect.join('room-1')));
  expect(read(dialect, unrecovered)).toEqual([{ kind: 'joined', recovered: false, missed: [] }]);
  positions.push(JSON.parse(dialect.join('room-1')));
  const subscribe = { channel: 'room-1', recover: true, epoch: 'jKEjiEBV' };
  expect(positions).toEqual(
    [0, 5, 7, 2].map((offset, index) => ({ id: 3 + index, subscribe: { ...subscribe, offset } })),
  );
});

test('an error, and the end of a subscription, are refusals', () => {
  const dialect = subscribedClient();
  for (const frame of [
    '{"id":3,"error":{"code":105,"message":"already subscribed"}}',
    '{"push":{"channel":"room-1","unsubscribe":{"code":2500,"reason":"insufficient state"}}}',
  ]) {
    expect(read(dialect, frame)).toEqual([{ kind: 'refused', why: frame }]);
  }
});
