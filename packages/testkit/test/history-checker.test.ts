import { describe, expect, test } from '@jest/globals';
import {
  checkHistory,
  shortestHistory,
  timeline,
  type HistoryCheckOptions,
  type HistoryEvent,
  type RecordedHistory,
} from '@sluice/testkit';

type Happening = HistoryEvent extends infer Event
  ? Event extends HistoryEvent
    ? Omit<Event, 'atMs'>
    : never
  : never;

const room = 'room';
/** The number of a message is its place in the history; ids are a stream's. */
const idOf = (number: number): string => `1700000000000-${number}`;
const textOf = (number: number): string => `message ${number}`;

const sent = (...numbers: number[]): Happening[] =>
  numbers.map((n) => ({ kind: 'publish-sent', client: 'speaker', room, clientId: textOf(n) }));
const acknowledged = (...numbers: number[]): Happening[] =>
  numbers.map((n) => ({
    kind: 'publish-acknowledged',
    client: 'speaker',
    room,
    clientId: textOf(n),
    id: idOf(n),
  }));
const published = (...numbers: number[]): Happening[] =>
  numbers.flatMap((n) => [...sent(n), ...acknowledged(n)]);

/** A client and what happens to it. */
function actor(client: string) {
  const lived = (connection: number) => ({ client, connection });
  return {
    connects: (connection: number, recovered = connection > 1): Happening[] => [
      { kind: 'connected', ...lived(connection), recovered, node: 'gateway-1' },
      { kind: 'ready', ...lived(connection), recovered, node: 'gateway-1' },
    ],
    leavesConnection: (connection: number): Happening => ({
      kind: 'disconnected',
      ...lived(connection),
      reason: 'transport close',
    }),
    joins: (connection: number): Happening[] => [
      { kind: 'join-requested', ...lived(connection), room },
      { kind: 'joined', ...lived(connection), room },
    ],
    asksToJoin: (connection: number): Happening => ({ kind: 'join-requested', ...lived(connection), room }),
    isRefused: (connection: number): Happening => ({
      kind: 'join-refused',
      ...lived(connection),
      room,
      code: 'unavailable',
    }),
    isMember: (connection: number): Happening => ({ kind: 'joined', ...lived(connection), room }),
    leaves: (connection: number): Happening => ({ kind: 'leave-requested', ...lived(connection), room }),
    isToldOfGap: (connection: number): Happening => ({
      kind: 'gap-said',
      ...lived(connection),
      rooms: [room],
    }),
    hears: (connection: number, ...numbers: number[]): Happening[] =>
      numbers.map((n) => ({ kind: 'heard', ...lived(connection), room, id: idOf(n), clientId: textOf(n) })),
  };
}

const ann = actor('ann');
const bob = actor('bob');

const trimmed: Happening = { kind: 'trimmed', room };

/** A history of one room that has the messages `numbers`; things happen one millisecond apart. */
function historyOf(
  numbers: readonly number[],
  ...happenings: Array<Happening | Happening[]>
): RecordedHistory {
  return {
    events: happenings.flat().map((happening, index) => ({ atMs: index, ...happening })),
    rooms: new Map([[room, numbers.map((n) => ({ id: idOf(n), clientId: textOf(n) }))]]),
  };
}

function verdict(history: RecordedHistory, options?: HistoryCheckOptions): string[] {
  return checkHistory(history, options).map(
    ({ kind, client, ids }) =>
      `${kind}${client === undefined ? '' : ` ${client}`}: ${ids.map((id) => id.split('-')[1]).join(' ')}`,
  );
}

describe('a history without fault', () => {
  test.each<[string, RecordedHistory]>([
    ['nothing at all', historyOf([])],
    [
      'everything heard by everybody, over recovered connections',
      historyOf(
        [1, 2, 3, 10],
        [...ann.connects(1), ...ann.joins(1), ...bob.connects(1), ...bob.joins(1)],
        [...published(1), ...ann.hears(1, 1), ...bob.hears(1, 1), ann.leavesConnection(1)],
        [...published(2), ...bob.hears(1, 2), ...ann.connects(2), ...ann.hears(2, 2)],
        [...published(3, 10), ...bob.hears(1, 3, 10), ...ann.hears(2, 3, 10)],
      ),
    ],
    [
      'what was missed comes before the client knows that it is connected',
      historyOf(
        [1, 2],
        [...ann.connects(1), ...ann.joins(1), ...published(1), ann.leavesConnection(1)],
        [...ann.hears(2, 1), ...ann.connects(2), ...published(2), ...ann.hears(2, 2)],
      ),
    ],
    [
      'a fresh session does not owe what came before its join',
      historyOf(
        [1, 2, 3],
        [...ann.connects(1), ...ann.joins(1), ...published(1), ...ann.hears(1, 1), ann.leavesConnection(1)],
        [...published(2), ...ann.connects(2, false), ...ann.joins(2), ...published(3), ...ann.hears(2, 3)],
      ),
    ],
    [
      'a message on its way while the join was answered may be heard or not',
      historyOf(
        [1, 2, 3],
        [...ann.connects(1), ...bob.connects(1), ...sent(1, 2), ...ann.joins(1), ...bob.joins(1)],
        [...acknowledged(1, 2), ...ann.hears(1, 2), ...published(3), ...ann.hears(1, 3), ...bob.hears(1, 3)],
      ),
    ],
    [
      'a member that leaves owes itself nothing more',
      historyOf(
        [1, 2, 3],
        [...ann.connects(1), ...ann.joins(1), ...published(1, 2), ...ann.hears(1, 1), ann.leaves(1)],
        [...published(3)],
      ),
    ],
    [
      'what comes between a leave and the answer to the next join may be from before',
      historyOf(
        [1, 2, 3],
        [...ann.connects(1), ...ann.joins(1), ann.leaves(1), ...published(1), ann.asksToJoin(1)],
        [...ann.hears(1, 1), ...published(2), ann.isMember(1), ...published(3), ...ann.hears(1, 3)],
      ),
    ],
    [
      'a join that was refused makes no member',
      historyOf(
        [1, 2],
        [...ann.connects(1), ann.asksToJoin(1), ...published(1), ...ann.hears(1, 1), ann.isRefused(1)],
        [...published(2)],
      ),
    ],
    [
      'a said gap excuses what is missing before it',
      historyOf(
        [1, 2, 3, 4],
        [...ann.connects(1), ...ann.joins(1), ...published(1), ...ann.hears(1, 1), ann.leavesConnection(1)],
        [...published(2, 3), trimmed, ...ann.connects(2), ann.isToldOfGap(2), ...ann.hears(2, 3)],
        [...published(4), ...ann.hears(2, 4)],
      ),
    ],
    [
      'a trimmed room lacks its oldest messages',
      historyOf(
        [3],
        [...ann.connects(1), ...ann.joins(1), ...published(1, 2), ...ann.hears(1, 1, 2), trimmed],
        [...published(3), ...ann.hears(1, 3)],
      ),
    ],
    [
      'a publication that was never acknowledged need not be anywhere',
      historyOf([1], [...ann.connects(1), ...ann.joins(1), ...sent(2), ...published(1), ...ann.hears(1, 1)]),
    ],
    [
      'a resend is one message',
      historyOf(
        [1],
        [...ann.connects(1), ...ann.joins(1), ...sent(1, 1), ...acknowledged(1), ...ann.hears(1, 1)],
      ),
    ],
  ])('%s', (_, history) => {
    expect(verdict(history)).toEqual([]);
    expect(verdict(history, { recoveryWindowMs: 0 })).toEqual([]);
  });
});

describe('a fault is found', () => {
  const annIsMember = [...ann.connects(1), ...ann.joins(1)];
  test.each<[string, RecordedHistory, string[]]>([
    [
      'a message lost in the middle',
      historyOf([1, 2, 3], annIsMember, published(1, 2, 3), ann.hears(1, 1, 3)),
      ['lost ann: 2'],
    ],
    [
      'messages lost at the end',
      historyOf([1, 2, 3], annIsMember, published(1, 2, 3), ann.hears(1, 1)),
      ['lost ann: 2 3'],
    ],
    ['everything lost', historyOf([1, 2], annIsMember, published(1, 2)), ['lost ann: 1 2']],
    [
      'a first message lost that was sent when the join had been answered',
      historyOf([1, 2], annIsMember, published(1, 2), ann.hears(1, 2)),
      ['lost ann: 1'],
    ],
    [
      'a message lost that is in the history, though it was never acknowledged',
      historyOf([1, 2, 3], annIsMember, published(1), sent(2), published(3), ann.hears(1, 1, 3)),
      ['lost ann: 2'],
    ],
    [
      'a message lost that only another client heard',
      historyOf(
        [3],
        [
          ...annIsMember,
          ...bob.connects(1),
          ...bob.joins(1),
          ...published(1),
          ...sent(2),
          ...published(3),
          trimmed,
        ],
        [...bob.hears(1, 1, 2, 3), ...ann.hears(1, 1, 3)],
      ),
      ['lost ann: 2'],
    ],
    [
      'a message lost between the join and its answer, the one before it having been heard',
      historyOf(
        [1, 2, 3],
        [...ann.connects(1), ann.asksToJoin(1), ...sent(1, 2), ...ann.hears(1, 1), ann.isMember(1)],
        [...acknowledged(1, 2), ...published(3), ...ann.hears(1, 3)],
      ),
      ['lost ann: 2'],
    ],
    [
      'a hole in a chain that a fresh session ended',
      historyOf(
        [1, 2, 3, 4],
        [
          ...annIsMember,
          ...published(1, 2, 3),
          ...ann.hears(1, 1, 3),
          ann.leavesConnection(1),
          ...published(4),
        ],
        ann.connects(2, false),
      ),
      ['lost ann: 2'],
    ],
    [
      'a client that never came back',
      historyOf([1, 2], annIsMember, published(1), ann.hears(1, 1), ann.leavesConnection(1), published(2)),
      ['lost ann: 2'],
    ],
    [
      'a hole over a connection that said recovered',
      historyOf(
        [1, 2, 3],
        [...annIsMember, ...published(1), ...ann.hears(1, 1), ann.leavesConnection(1), ...published(2)],
        [...ann.connects(2), ...published(3), ...ann.hears(2, 3)],
      ),
      ['unsaid-gap ann: 2'],
    ],
    [
      'an idle client that was told it recovered and missed the end',
      historyOf([1], [...annIsMember, ann.leavesConnection(1), ...published(1), ...ann.connects(2)]),
      ['unsaid-gap ann: 1'],
    ],
    [
      'a gap unsaid behind a said one',
      historyOf(
        [1, 2, 3, 4, 5],
        [...annIsMember, ...published(1), ...ann.hears(1, 1), ann.leavesConnection(1), ...published(2)],
        [
          ...ann.connects(2),
          ann.isToldOfGap(2),
          ...published(3),
          ...ann.hears(2, 3),
          ann.leavesConnection(2),
        ],
        [...published(4), ...ann.connects(3), ...published(5), ...ann.hears(3, 5)],
      ),
      ['unsaid-gap ann: 4'],
    ],
    [
      'a message heard twice on one connection',
      historyOf([1, 2], annIsMember, published(1, 2), ann.hears(1, 1, 2, 1)),
      ['duplicated ann: 1'],
    ],
    [
      'a message heard again after a recovery',
      historyOf([1], [...annIsMember, ...published(1), ...ann.hears(1, 1)], ann.connects(2), ann.hears(2, 1)),
      ['duplicated ann: 1'],
    ],
    [
      'a message heard again in a fresh session',
      historyOf(
        [1],
        [...annIsMember, ...published(1), ...ann.hears(1, 1), ...ann.connects(2, false), ...ann.joins(2)],
        ann.hears(2, 1),
      ),
      ['duplicated ann: 1'],
    ],
    [
      'a resend that became a second message',
      {
        ...historyOf([], annIsMember, sent(1, 1), acknowledged(1), ann.hears(1, 1)),
        rooms: new Map([[room, [1, 2].map((n) => ({ id: idOf(n), clientId: textOf(1) }))]]),
      },
      ['duplicated: 1 2', 'lost ann: 2'],
    ],
    [
      'two messages the wrong way round at one of two clients',
      historyOf(
        [1, 2],
        [...annIsMember, ...bob.connects(1), ...bob.joins(1), ...published(1, 2)],
        [...ann.hears(1, 1, 2), ...bob.hears(1, 2, 1)],
      ),
      ['reordered bob: 1 2'],
    ],
    [
      'an order that numbers have and text has not',
      historyOf([9, 10], annIsMember, published(9, 10), ann.hears(1, 10, 9)),
      ['reordered ann: 9 10'],
    ],
    [
      'a history in another order than its ids',
      historyOf([2, 1], annIsMember, published(1, 2), ann.hears(1, 1, 2)),
      ['reordered: 1 2'],
    ],
    [
      'a message acknowledged that is not in the history',
      historyOf([1, 3], annIsMember, published(1, 2, 3), ann.hears(1, 1, 2, 3)),
      ['not-in-history speaker: 2', 'not-in-history ann: 2'],
    ],
    [
      'a message that vanished from a trimmed room behind one that is older',
      historyOf([1, 3], annIsMember, published(1, 2, 3), trimmed, ann.hears(1, 1, 2, 3)),
      ['not-in-history speaker: 2', 'not-in-history ann: 2'],
    ],
    [
      'an id that the history gave to another message',
      {
        ...historyOf([], annIsMember, published(1), ann.hears(1, 1)),
        rooms: new Map([[room, [{ id: idOf(1), clientId: 'another' }]]]),
      },
      ['not-in-history speaker: 1', 'not-in-history ann: 1'],
    ],
  ])('%s', (_, history, expected) => {
    expect(verdict(history)).toEqual(expected);
  });
});

describe('where recovery is required', () => {
  const away = [...ann.connects(1), ...ann.joins(1), ann.leavesConnection(1)];
  test('a fresh session in time is a fault', () => {
    const history = historyOf([], away, ann.connects(2, false));
    expect(verdict(history, { recoveryWindowMs: 1_000 })).toEqual(['not-recovered ann: ']);
    expect(verdict(history)).toEqual([]);
  });

  test('a fresh session is right after the window, and after a trim behind the client', () => {
    expect(verdict(historyOf([], away, ann.connects(2, false)), { recoveryWindowMs: 1 })).toEqual([]);
    const behindATrim = historyOf([], away, trimmed, ann.connects(2, false));
    expect(verdict(behindATrim, { recoveryWindowMs: 1_000 })).toEqual([]);
    // What is over excuses nothing later.
    const twice = historyOf(
      [],
      away,
      trimmed,
      ann.connects(2),
      ann.leavesConnection(2),
      ann.connects(3, false),
    );
    expect(verdict(twice, { recoveryWindowMs: 1_000 })).toEqual(['not-recovered ann: ']);
  });
});

describe('the shortest history', () => {
  const numbers = Array.from({ length: 60 }, (_, index) => index + 1);
  const others = Array.from({ length: 5 }, (_, index) => actor(`other-${index}`));
  /** Everybody hears everything but ann, who misses 40 to 42 over her fourth connection. */
  const long = historyOf(
    numbers,
    [...ann.connects(1), ...ann.joins(1)],
    others.flatMap((other) => [...other.connects(1), ...other.joins(1)]),
    numbers.flatMap((n) => [
      ...published(n),
      ...others.flatMap((other) => other.hears(1, n)),
      ...(n % 10 === 0 ? [ann.leavesConnection(n / 10), ...ann.connects(n / 10 + 1)] : []),
      ...(n === 41 ? [{ kind: 'fault', text: 'gateway-1 is killed' } as const] : []),
      ...(n >= 40 && n <= 42 ? [] : ann.hears(1 + Math.floor(n / 10), n)),
    ]),
  );

  test('shows a violation with nothing that it does not need', () => {
    const [violation] = checkHistory(long);
    if (violation === undefined) throw new Error('there is one');
    expect(violation).toMatchObject({ kind: 'unsaid-gap', ids: [40, 41, 42].map(idOf) });
    const short = shortestHistory(long, violation);
    expect(checkHistory(short.history)).toEqual([short.violation]);
    expect(short.violation).toMatchObject({ kind: 'unsaid-gap', client: 'ann', room });
    expect(short.violation.ids).toHaveLength(1);
    expect(short.history.events.length).toBeLessThanOrEqual(10);
    expect(short.history.rooms.get(room)).toHaveLength(1);
  });

  test('reads like what happened', () => {
    const history = historyOf(
      [1, 2, 3],
      [...ann.connects(1), ...ann.joins(1), ...published(1, 2, 3), ...ann.hears(1, 1, 2)],
      { kind: 'fault', text: 'gateway-1 is killed' },
      ann.hears(1, 2),
    );
    const [violation] = checkHistory(history).filter(({ kind }) => kind === 'duplicated');
    if (violation === undefined) throw new Error('there is one');
    expect(timeline(shortestHistory(history, violation)).split('\n')).toEqual([
      'duplicated: ann heard 1700000000000-2 of room twice',
      '    0.000 s  ann          connection 1 stands, fresh, to gateway-1',
      '    0.001 s  ann          is told it is ready at gateway-1, fresh',
      '    0.006 s  speaker      publishes "message 2" to room',
      '    0.007 s  speaker      is told that "message 2" is 1700000000000-2 in room',
      '    0.011 s  ann          hears "message 2" = 1700000000000-2 in room',
      '    0.012 s               -- gateway-1 is killed',
      '    0.013 s  ann          hears "message 2" = 1700000000000-2 in room',
      '  history of room: "message 2" = 1700000000000-2',
    ]);
  });

  test('keeps a violation that no client is to blame for', () => {
    const history = historyOf(
      [2, 1, 3],
      ann.connects(1),
      ann.joins(1),
      published(1, 2, 3),
      ann.hears(1, 1, 2, 3),
    );
    const [violation] = checkHistory(history);
    if (violation === undefined) throw new Error('there is one');
    const short = shortestHistory(history, violation);
    expect(short.violation).toMatchObject({ kind: 'reordered', room });
    expect(short.history.rooms.get(room)).toHaveLength(2);
  });

  test('keeps what tells a client that was not recovered from others', () => {
    const history = historyOf(
      [1],
      [...ann.connects(1), ...ann.joins(1), ...bob.connects(1), ...bob.joins(1), ...published(1)],
      [...ann.hears(1, 1), ...bob.hears(1, 1), ann.leavesConnection(1), ...ann.connects(2, false)],
    );
    const options = { recoveryWindowMs: 1_000 };
    const [violation] = checkHistory(history, options);
    if (violation === undefined) throw new Error('there is one');
    const short = shortestHistory(history, violation, options);
    expect(short.history.events.map((event) => event.kind)).toEqual([
      'connected',
      'ready',
      'disconnected',
      'connected',
    ]);
  });
});
