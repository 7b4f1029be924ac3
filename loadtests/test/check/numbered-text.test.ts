import { expect, test } from '@jest/globals';
import { readText, writeText } from '../../check/numbered-text.ts';

test('a text says who, the how manieth, and when, and is as long as asked for', () => {
  const said = { sender: 'a ] and "b"', number: 7, sentAt: 1_700_000_000_000 };
  expect(readText(writeText(said))).toEqual(said);
  expect(writeText(said, 500)).toHaveLength(500);
  expect(readText(writeText(said, 500))).toEqual(said);
});

test.each(['', 'hello', '7', '[1,2,3]', '["a",1]', '{"a":1}', ']['])(
  '%j is a text of somebody else',
  (text) => {
    expect(readText(text)).toBeUndefined();
  },
);
