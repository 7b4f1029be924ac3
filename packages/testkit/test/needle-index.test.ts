import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { NeedleIndex } from '@sluice/testkit';

const needles = (...texts: string[]) => texts.map((text) => ({ bytes: Buffer.from(text) }));

function found(haystack: string, ...texts: string[]): Record<string, number> {
  const findings = new NeedleIndex(needles(...texts)).find(Buffer.from(haystack));
  return Object.fromEntries(findings.map(({ needle, at }) => [needle.bytes.toString(), at]));
}

test('finds what is at either end, between, and inside of another', () => {
  expect(found('abcdefghijkl', 'abcdefgh', 'efghijkl', 'cdefghij', 'abcdefghijkl', 'bcdefghx')).toEqual({
    abcdefgh: 0,
    efghijkl: 4,
    cdefghij: 2,
    abcdefghijkl: 0,
  });
  expect(found('xxxxxxxxxxxx', 'xxxxxxxx')).toEqual({ xxxxxxxx: 0 });
  expect(found('', 'abcdefgh')).toEqual({});
  expect(found('abcdefg', 'abcdefgh')).toEqual({});
  // The same end, and another beginning.
  expect(found('a message 59', 'a message 59', 'b message 59', 'my message 59')).toEqual({
    'a message 59': 0,
  });
});

test('finds among bytes that are no text, and thousands of others', () => {
  const many = Array.from({ length: 5_000 }, () => ({ bytes: randomBytes(20) }));
  const haystack = Buffer.concat([
    randomBytes(100_000),
    ...many.slice(0, 3).map(({ bytes }) => bytes),
    randomBytes(9),
  ]);
  expect(new NeedleIndex(many).find(haystack)).toEqual(
    many.slice(0, 3).map((needle, index) => ({ needle, at: 100_000 + index * 20 })),
  );
});

test('refuses what is anywhere by accident', () => {
  expect(() => new NeedleIndex(needles('short'))).toThrow(RangeError);
});
