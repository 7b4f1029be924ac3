import { describe, expect, test } from '@jest/globals';
import { layOutRows, type Row, type RowsInput } from '../src/conversation/rows.ts';
import type { OutboxEntry } from '../src/outbox/outbox-entry.ts';
import { message } from './fixtures.ts';

const noon = new Date(2026, 10, 3, 12).getTime();
const minute = 60_000;
const said = (n: number, user: string, at: number) => message(n, { id: `${at}-${n}`, user, sentAt: at });

const entry: OutboxEntry = {
  room: 'r',
  text: 'mine',
  clientId: 'mine',
  writtenAt: noon + 9 * minute,
  firstSentAt: undefined,
  handedOver: false,
  attempts: 0,
  phase: { kind: 'waiting' },
};

const lay = (input: Partial<RowsInput>): readonly Row[] =>
  layOutRows({ user: 'Ana', messages: [], outbox: [], newAfter: undefined, ...input });

const outline = (rows: readonly Row[]): readonly string[] =>
  rows.map((row) => {
    if (row.kind !== 'message') return row.kind;
    return `${row.message.text}${row.first ? ' first' : ''}${row.last ? ' last' : ''}`;
  });

describe('the rows of a conversation', () => {
  test('group what one user wrote in a few minutes, and separate days', () => {
    const rows = lay({
      messages: [
        said(1, 'Ben', noon - 24 * 60 * minute),
        said(2, 'Ben', noon),
        said(3, 'Ben', noon + minute),
        said(4, 'Cy', noon + minute),
        said(5, 'Cy', noon + 8 * minute),
      ],
    });
    expect(outline(rows)).toEqual([
      'day',
      'm1 first last',
      'day',
      'm2 first',
      'm3 last',
      'm4 first last',
      'm5 first last',
    ]);
  });

  test('end with what is on its way, and tell failed from pending', () => {
    const rows = lay({
      messages: [said(1, 'Ana', noon + 8 * minute)],
      outbox: [
        entry,
        { ...entry, clientId: 'x', phase: { kind: 'failed', reason: 'why', automatic: false } },
      ],
    });
    expect(
      rows.flatMap((row) => (row.kind === 'message' ? [[row.message.status, row.message.failure]] : [])),
    ).toEqual([
      ['sent', undefined],
      ['pending', undefined],
      ['failed', 'why'],
    ]);
    expect(outline(rows)).toEqual(['day', 'm1 first', 'mine', 'mine last']);
  });

  test('show a message once while the outbox still has it, and as the same row', () => {
    const before = lay({ outbox: [entry] });
    const after = lay({ messages: [message(1, { user: 'Ana', clientId: 'mine' })], outbox: [entry] });
    expect(after.filter(({ kind }) => kind === 'message').map(({ key }) => key)).toEqual(
      before.filter(({ kind }) => kind === 'message').map(({ key }) => key),
    );
  });

  test('have keys of their own where a clientId comes again', () => {
    const rows = lay({ messages: [message(1), message(2, { clientId: 'c1' })] });
    expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
  });

  test('draw the line before the first new message of somebody else', () => {
    const messages = [
      said(1, 'Ben', noon),
      said(2, 'Ana', noon + 1),
      said(3, 'Ben', noon + 2),
      said(4, 'Ben', noon + 3),
    ];
    const newAfter = messages[0];
    expect(outline(lay({ messages, newAfter }))).toEqual([
      'day',
      'm1 first last',
      'm2 first last',
      'new',
      'm3 first',
      'm4 last',
    ]);
  });
});
