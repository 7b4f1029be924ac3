import { describe, expect, test } from '@jest/globals';
import { createDialect } from '../src/generator/dialect/create-dialect.ts';
import { numberIn, textBytes, textOf } from '../src/generator/dialect/message-text.ts';

test('the floor and Socket.IO carry as many bytes for the same message', () => {
  const lengths = (['floor', 'socket-io'] as const).map(
    (name) => createDialect(name).message('room-7', textOf(12_345)).length,
  );
  expect(lengths[0]).toBe(lengths[1]);
  expect(textOf(12_345)).toHaveLength(textBytes);
});

test('the number of a message is found in whatever carries it, and nowhere else', () => {
  const text = textOf(1_203);
  const frames = [
    `room-7 ${text}`,
    `42["m",{"room":"room-7","text":"${text}"},"1699-0"]`,
    `42["message:new",{"id":"1699-0","room":"room-7","user":"user-1","text":"${text}","clientId":"1"}]`,
  ];
  expect(frames.map((frame) => numberIn(Buffer.from(frame)))).toEqual([1_203, 1_203, 1_203]);
  expect(
    ['2', '40{"sid":"a"}', '431[{"ok":true,"id":"1-0"}]'].map((frame) => numberIn(Buffer.from(frame))),
  ).toEqual([undefined, undefined, undefined]);
});

test('a Socket.IO client says who it is, answers heartbeats, and notices a refusal', () => {
  const dialect = createDialect('socket-io');
  expect(dialect.answer('0{"sid":"x"}', 'user-1')).toEqual({ kind: 'say', frame: '40{"user":"user-1"}' });
  expect(dialect.answer('2', 'user-1')).toEqual({ kind: 'say', frame: '3' });
  expect(dialect.answer('40{"sid":"y"}', 'user-1')).toEqual({ kind: 'admitted', recovered: false });
  expect(dialect.answer('430[]', 'user-1')).toEqual({ kind: 'joined', recovered: false, missed: [] });
  expect(dialect.answer('44{"message":"no"}', 'user-1')).toMatchObject({ kind: 'refused' });
});

test('a chat client is in when it is told so, and notices a message that was not taken', () => {
  const chat = createDialect('chat');
  expect(chat.answer('40{"sid":"y"}', 'token')).toEqual({ kind: 'nothing' });
  expect(chat.answer('42["session:ready",{"user":"u"}]', 'token')).toMatchObject({ kind: 'admitted' });
  expect(chat.answer('430[{"ok":true}]', 'token')).toMatchObject({ kind: 'joined' });
  expect(chat.message('r', 'a')).toContain('421["message:send"');
  expect(chat.message('r', 'b')).toContain('422["message:send"');
  expect(chat.answer('432[{"ok":true,"id":"1-0"}]', 'token')).toEqual({ kind: 'nothing' });
  expect(chat.answer('431[{"ok":false,"error":{"code":"rate_limited"}}]', 'token')).toMatchObject({
    kind: 'refused',
  });
});

describe('a Socket.IO client that comes back', () => {
  const event = (number: number, ...more: string[]) =>
    Buffer.from(`42${JSON.stringify(['m', { room: 'r', text: textOf(number) }, ...more])}`);
  const handshake = '0{"sid":"x"}';

  test('says who it was and how far it had heard, and is recovered where the server says the same', () => {
    const dialect = createDialect('socket-io');
    expect(dialect.answer('40{"sid":"a","pid":"p"}', 'u')).toMatchObject({ recovered: false });
    expect(dialect.answer(handshake, 'u')).toEqual({ kind: 'say', frame: '40{"user":"u","pid":"p"}' });
    expect([dialect.hear(event(0, '1-0')), dialect.hear(event(1, '2-0'))]).toEqual([0, 1]);
    expect(dialect.hear(Buffer.from('2'))).toBeUndefined();
    expect(dialect.answer(handshake, 'u')).toEqual({
      kind: 'say',
      frame: '40{"user":"u","pid":"p","offset":"2-0"}',
    });
    expect(dialect.answer('40{"sid":"b","pid":"p"}', 'u')).toEqual({ kind: 'admitted', recovered: true });
    expect(dialect.answer('40{"sid":"c","pid":"q"}', 'u')).toMatchObject({ recovered: false });
  });

  test('has nothing to say of itself to a server without recovery', () => {
    const dialect = createDialect('socket-io');
    dialect.answer('40{"sid":"a"}', 'u');
    dialect.hear(event(0));
    expect(dialect.answer(handshake, 'u')).toEqual({ kind: 'say', frame: '40{"user":"u"}' });
    expect(dialect.answer('40{"sid":"b"}', 'u')).toMatchObject({ recovered: false });
  });
});
