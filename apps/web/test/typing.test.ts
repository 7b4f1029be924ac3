import { describe, expect, test } from '@jest/globals';
import type { TypingSet } from '@sluice/protocol';
import { TypingAnnouncer } from '../src/typing/typing-announcer.ts';
import { TypingRoster } from '../src/typing/typing-roster.ts';
import { ManualClock } from './fixtures.ts';

describe('saying that one types', () => {
  const start = () => {
    const clock = new ManualClock();
    const said: string[] = [];
    const announcer = new TypingAnnouncer(clock, ({ room, typing }: TypingSet) =>
      said.push(`${room} ${typing}`),
    );
    return { clock, said, announcer };
  };

  test('is said at once and at most every three seconds', async () => {
    const { clock, said, announcer } = start();
    for (let key = 0; key < 31; key += 1) {
      announcer.typed('r');
      await clock.advance(100);
    }
    expect(said).toEqual(['r true', 'r true']);
  });

  test('ends with a pause, with the message and with another room, once', async () => {
    const { clock, said, announcer } = start();
    announcer.typed('r');
    await clock.advance(4_000);
    announcer.ended();
    announcer.typed('r');
    announcer.typed('s');
    announcer.ended();
    await clock.advance(9_000);
    expect(said).toEqual(['r true', 'r false', 'r true', 'r false', 's true', 's false']);
  });
});

describe('knowing who types', () => {
  test('forgets whoever has not repeated it for five seconds', async () => {
    const clock = new ManualClock();
    const roster = new TypingRoster(clock);
    roster.heard({ room: 'r', user: 'Ana', typing: true });
    roster.heard({ room: 'r', user: 'Ben', typing: true });
    await clock.advance(3_000);
    roster.heard({ room: 'r', user: 'Ana', typing: true });
    await clock.advance(2_000);
    expect(roster.typists.get().get('r')).toEqual(['Ana']);
    await clock.advance(3_000);
    expect(roster.typists.get().get('r')).toEqual([]);
  });

  test('forgets at once who stopped, and everybody without a connection', () => {
    const roster = new TypingRoster(new ManualClock());
    for (const user of ['Ana', 'Ben', 'Cy']) roster.heard({ room: 'r', user, typing: true });
    roster.heard({ room: 'r', user: 'Ana', typing: false });
    roster.stopped('r', 'Ben');
    expect(roster.typists.get().get('r')).toEqual(['Cy']);
    roster.clear();
    expect(roster.typists.get().size).toBe(0);
  });
});
