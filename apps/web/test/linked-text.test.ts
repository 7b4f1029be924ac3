import { describe, expect, test } from '@jest/globals';
import { isEmojiOnly, linkedText } from '../src/conversation/linked-text.ts';

const links = (text: string): readonly string[] =>
  linkedText(text).flatMap((part) => (part.kind === 'link' ? [part.text] : []));

describe('a text with addresses', () => {
  test.each([
    ['see https://example.org/a?b=c#d, please', ['https://example.org/a?b=c#d']],
    ['(http://example.org).', ['http://example.org']],
    ['https://a.example https://b.example', ['https://a.example', 'https://b.example']],
    ['javascript:alert(1) ftp://example.org', []],
    ['nothing', []],
  ])('%s', (text, expected) => {
    expect(links(text)).toEqual(expected);
    expect(
      linkedText(text)
        .map((part) => part.text)
        .join(''),
    ).toBe(text);
  });
});

test.each([
  ['🌊', true],
  ['👩🏽‍🚀 ❤️', true],
  ['🌊 wave', false],
  ['12', false],
  ['', false],
])('%j is emoji alone: %s', (text, expected) => {
  expect(isEmojiOnly(text)).toBe(expected);
});
