import { describe, expect, test } from '@jest/globals';
import {
  historyReadSchema,
  messageIdSchema,
  messageSendSchema,
  roomSchema,
  textSchema,
  userSchema,
} from '../src/index.ts';

const accepts = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown): boolean =>
  schema.safeParse(value).success;

describe('names', () => {
  test.each([
    'a',
    'lobby',
    '#general',
    'Привет',
    '日本語',
    'é',
    'a:b{c}*',
    '👨‍👩‍👧',
    'می‌خواهم',
    'x'.repeat(128),
  ])('%p is a room', (room) => {
    expect(accepts(roomSchema, room)).toBe(true);
  });

  test.each([
    ['empty', ''],
    ['blank', '   '],
    ['too long', 'x'.repeat(129)],
    ['too long in UTF-16 units', '👍'.repeat(65)],
    ['a control character', 'a\u0000b'],
    ['a line break', 'a\nb'],
    ['a line separator', 'a\u2028b'],
    ['a direction override', 'a\u202eb'],
    ['half a surrogate pair', 'a\ud83d'],
    ['no string', 7],
    ['null', null],
  ])('%s is no room', (_, room) => {
    expect(accepts(roomSchema, room)).toBe(false);
  });

  test('users are shorter than rooms', () => {
    expect(accepts(userSchema, 'u'.repeat(64))).toBe(true);
    expect(accepts(userSchema, 'u'.repeat(65))).toBe(false);
  });
});

describe('texts', () => {
  test('hold 1 to 4,000 UTF-16 units, line breaks included', () => {
    expect(accepts(textSchema, 'a\nb\tc')).toBe(true);
    expect(accepts(textSchema, '👍'.repeat(2_000))).toBe(true);
    expect(accepts(textSchema, `${'👍'.repeat(2_000)}x`)).toBe(false);
    expect(accepts(textSchema, '')).toBe(false);
    expect(accepts(textSchema, '\udc4d')).toBe(false);
  });
});

describe('ids', () => {
  test.each(['0-0', '1795255710244-0', '18446744073709551615-18446744073709551615'])(
    '%s could be ours',
    (id) => {
      expect(accepts(messageIdSchema, id)).toBe(true);
    },
  );

  test.each([
    '',
    '-',
    '1',
    '1-',
    '01-1',
    '18446744073709551616-0',
    '1-1 ',
    '+',
    '1-1-1',
    '-1-1',
    '9'.repeat(50),
  ])('%p could not', (id) => {
    expect(accepts(messageIdSchema, id)).toBe(false);
  });
});

describe('history:read', () => {
  test('has a page size where none is asked for, and a largest one', () => {
    expect(historyReadSchema.parse({ room: 'a' })).toEqual({ room: 'a', limit: 50 });
    expect(accepts(historyReadSchema, { room: 'a', limit: 100 })).toBe(true);
    for (const limit of [0, 101, 1.5, '5', Number.NaN, -1]) {
      expect(accepts(historyReadSchema, { room: 'a', limit })).toBe(false);
    }
  });

  test('ignores fields it does not know, so that newer clients can talk to older gateways', () => {
    expect(historyReadSchema.parse({ room: 'a', later: true })).toEqual({ room: 'a', limit: 50 });
  });
});

describe('the trace context of a message', () => {
  const message = { room: 'r', text: 't', clientId: 'c' };
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

  test('is kept as it is, and need not be there', () => {
    expect(messageSendSchema.parse({ ...message, traceparent })).toEqual({ ...message, traceparent });
    expect(messageSendSchema.parse(message)).toEqual(message);
  });

  test.each([7, null, true, {}, ['00'], Number.NaN])(
    'does not make the message invalid where it is %p',
    (garbage) => {
      expect(messageSendSchema.parse({ ...message, traceparent: garbage })).toEqual({
        ...message,
        traceparent: '',
      });
    },
  );
});
