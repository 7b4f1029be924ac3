import { describe, expect, test } from '@jest/globals';
import { judgeStory } from './judge-story.ts';
import type { Incident, Story } from './story.ts';

type Said = Extract<Incident, { kind: 'said' }>;

const say = (n: number, rooms: readonly string[], more: Partial<Said> = {}): Incident => ({
  kind: 'said',
  n,
  node: 0,
  rooms,
  except: [],
  volatile: false,
  ...more,
});
const hear = (...numbers: readonly number[]): Incident[] =>
  numbers.map((n) => ({ kind: 'heard', client: 0, n }));
const connect = (recovered = false): Incident[] => [
  { kind: 'connecting', client: 0, node: 0 },
  { kind: 'connected', client: 0, sid: 'x', recovered },
];
const join = (room: string, act = 1): Incident[] => [
  { kind: 'join', client: 0, room, act },
  { kind: 'done', act },
];
const leave = (room: string): Incident[] => [
  { kind: 'leave', client: 0, room, act: 9 },
  { kind: 'done', act: 9 },
];
const cut: Incident = { kind: 'cut', client: 0 };
/** Stands for one that begins where it stands. */
const settle: Incident = { kind: 'settled', began: -1, nodes: [0], clients: [0] };

function story(incidents: readonly Incident[], rooms: readonly string[] = []): Story {
  const told = [...incidents, settle].map((incident, at) =>
    incident.kind === 'settled' ? { ...incident, began: at } : incident,
  );
  const logged = told.flatMap((incident) =>
    incident.kind === 'said' && !incident.volatile ? [[incident.n, incident.n] as const] : [],
  );
  return {
    incidents: told,
    places: new Map(logged),
    rooms: new Map([[0, new Set(['x', ...rooms])]]),
    complaints: [],
  };
}

const joined = [...connect(), ...join('a'), settle];

describe('a story in which all guarantees were kept', () => {
  test.each<readonly [string, readonly Incident[], readonly string[]]>([
    ['with nothing in it', [], []],
    ['of a member that heard all', [...joined, say(1, ['a']), say(2, []), ...hear(1, 2)], ['a']],
    ['of a cut', [...joined, ...hear(), cut, say(1, ['a']), ...connect(true), ...hear(1)], ['a']],
    [
      'of a join that is not acknowledged, heard',
      [...connect(), { kind: 'join', client: 0, room: 'a', act: 1 }, say(1, ['a']), ...hear(1)],
      ['a'],
    ],
    [
      'of one that is not, not heard',
      [...connect(), { kind: 'join', client: 0, room: 'a', act: 1 }, say(1, ['a']), cut, ...connect(true)],
      [],
    ],
    ['of what was volatile and nobody heard', [...joined, say(1, ['a'], { volatile: true })], ['a']],
    ['of a leave', [...joined, say(1, ['a']), ...hear(1), settle, ...leave('a'), say(2, ['a'])], []],
    ['of an exception', [...joined, say(1, [], { except: ['a'] })], ['a']],
    [
      'of a move',
      [
        ...connect(),
        { kind: 'move', how: 'join', node: 0, among: undefined, rooms: ['a'] },
        settle,
        say(1, ['a']),
        ...hear(1),
      ],
      ['a'],
    ],
  ])('is found right: %s', (_name, incidents, rooms) => {
    expect(judgeStory(story(incidents, rooms))).toEqual([]);
  });
});

describe('a story in which one was broken', () => {
  test.each<readonly [string, readonly Incident[], readonly string[]]>([
    ['client 0 never heard 1', [...joined, say(1, ['a'])], ['a']],
    ['client 0 never heard 1', [...joined, say(1, [])], ['a']],
    ['client 0 never heard 1', [...joined, say(1, ['@x'])], ['a']],
    ['client 0 never heard 1', [...joined, cut, say(1, ['b', 'a']), ...connect(true)], ['a']],
    [
      'client 0 heard 1 twice',
      [...joined, say(1, ['a']), ...hear(1), cut, ...connect(true), ...hear(1)],
      ['a'],
    ],
    ['client 0 heard 2 before 1 in a', [...joined, say(1, ['a']), say(2, ['a', 'b']), ...hear(2, 1)], ['a']],
    [
      'client 0 heard 1, though it was in none of a',
      [...connect(), say(1, ['a']), settle, ...join('a'), ...hear(1)],
      ['a'],
    ],
    [
      'client 0 heard 1, though it was in none of a',
      [...joined, ...leave('a'), settle, say(1, ['a']), ...hear(1)],
      [],
    ],
    [
      'client 0 heard 1, though it was in none of a',
      [...connect(), say(1, ['a']), { kind: 'heard', client: 1, n: 1 }, ...join('a'), ...hear(1)],
      ['a'],
    ],
    ['client 0 heard 1, though it was in none of *', [say(1, []), settle, ...connect(), ...hear(1)], []],
    [
      'client 0 heard 1, though it was in a, which is excepted',
      [...joined, say(1, [], { except: ['a'] }), ...hear(1)],
      ['a'],
    ],
    [
      'client 0 heard 1, which was volatile and said while it was away',
      [...joined, cut, say(1, ['a'], { volatile: true }), settle, ...connect(true), ...hear(1)],
      ['a'],
    ],
    ['client 0 came back and was not recovered', [...connect(), cut, ...connect(false)], []],
    ['client 0 is not in a in the end', [...joined, cut, ...connect(true)], []],
    ['client 0 is in a in the end', [...joined, ...leave('a')], ['a']],
    ['client 0 is in b in the end', [...joined], ['a', 'b']],
    [
      'client 0 is cut off: ping timeout',
      [...connect(), { kind: 'lost', client: 0, why: 'ping timeout' }],
      [],
    ],
  ])('is found out: %s', (fault, incidents, rooms) => {
    expect(judgeStory(story(incidents, rooms))).toEqual([fault]);
  });

  test('is found out where something was never logged', () => {
    const told = story([...connect(), say(1, []), ...hear(1)]);
    expect(judgeStory({ ...told, places: new Map() })).toEqual(['1 is not in the log']);
  });
});
