import { expect, test } from '@jest/globals';
import { createDialect, numberIn, textBytes, textOf } from '../src/generator/dialect.ts';

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
  expect(dialect.answer('40{"sid":"y"}', 'user-1')).toEqual({ kind: 'admitted' });
  expect(dialect.answer('430[]', 'user-1')).toEqual({ kind: 'joined' });
  expect(dialect.answer('44{"message":"no"}', 'user-1')).toMatchObject({ kind: 'refused' });
});

test('a chat client is in when it is told so, and notices a message that was not taken', () => {
  const chat = createDialect('chat');
  expect(chat.answer('40{"sid":"y"}', 'token')).toEqual({ kind: 'nothing' });
  expect(chat.answer('42["session:ready",{"user":"u"}]', 'token')).toEqual({ kind: 'admitted' });
  expect(chat.answer('430[{"ok":true}]', 'token')).toEqual({ kind: 'joined' });
  expect(chat.message('r', 'a')).toContain('421["message:send"');
  expect(chat.message('r', 'b')).toContain('422["message:send"');
  expect(chat.answer('432[{"ok":true,"id":"1-0"}]', 'token')).toEqual({ kind: 'nothing' });
  expect(chat.answer('431[{"ok":false,"error":{"code":"rate_limited"}}]', 'token')).toMatchObject({
    kind: 'refused',
  });
});
