/**
 * Every scenario there is, what it proves, and how it is sized: one table for k6, for `npm run load` and for the tests. Plain
 * JavaScript without imports, since k6 runs it, and a clone on which nothing is installed yet.
 */

/** What a variable may be; `read` returns undefined for a text that is none. */
export const kinds = {
  count: {
    allowed: 'a whole number',
    /** @param {string} text */
    read: (text) => (/^\d+$/.test(text) ? Number(text) : undefined),
  },
  positive: {
    allowed: 'a whole number from 1 on',
    /** @param {string} text */
    read: (text) => (/^0*[1-9]\d*$/.test(text) ? Number(text) : undefined),
  },
  share: {
    allowed: 'a number from 0 to 1',
    /** @param {string} text */
    read: (text) => (/^\d*\.?\d+$/.test(text) && Number(text) <= 1 ? Number(text) : undefined),
  },
  factor: {
    allowed: 'a number, not negative',
    /** @param {string} text */
    read: (text) => (/^\d*\.?\d+$/.test(text) ? Number(text) : undefined),
  },
};

/**
 * Reads a variable of a scenario.
 * @param {string} name
 * @param {{ kind: keyof typeof kinds, default: number }} variable
 * @param {string | undefined} text unset where undefined or empty
 * @returns {number}
 */
export function readVariable(name, variable, text) {
  if (text === undefined || text === '') return variable.default;
  const { allowed, read } = kinds[variable.kind];
  const value = read(text);
  if (value === undefined) throw new Error(`${name}=${text} is not ${allowed}`);
  return value;
}

/**
 * @param {number} value
 * @param {string} text
 */
const count = (value, text) => ({ kind: /** @type {const} */ ('count'), default: value, text });
/**
 * @param {number} value
 * @param {string} text
 */
const positive = (value, text) => ({ kind: /** @type {const} */ ('positive'), default: value, text });
/**
 * @param {number} value
 * @param {string} text
 */
const share = (value, text) => ({ kind: /** @type {const} */ ('share'), default: value, text });
/**
 * @param {number} value
 * @param {string} text
 */
const factor = (value, text) => ({ kind: /** @type {const} */ ('factor'), default: value, text });

/** @param {{ members: number, seconds: number, p95Ms: number, membersPerVu?: number }} size */
const common = ({ members, seconds, p95Ms, membersPerVu = 10 }) => ({
  MEMBERS: positive(members, 'members of the chat, one connection each'),
  MEMBERS_PER_VU: positive(
    membersPerVu,
    'of them that share a VU of k6: a VU costs some megabytes, a member next to nothing',
  ),
  GATHER_SECONDS: count(5, 'in which they connect and join, before anybody speaks'),
  SECONDS: positive(seconds, 'in which they speak'),
  P95_MS: count(
    p95Ms,
    'what 19 of 20 texts must be acknowledged within, and heard within by those who are there',
  ),
});

const everyMs = (ms) => positive(ms, 'from one text of a member to its next, in milliseconds, on average');
const rooms = (number) => positive(number, 'over which the members are spread');

/**
 * What a server may do wrong, and a scenario must notice: `drop` a message, `repeat` it, `swap` it with the one after it,
 * `forget` what a recovered session missed, `misplace` it from the history, `leak` it to somebody who is not in the room.
 */
const inOneRoom = ['drop', 'repeat', 'swap', 'misplace'];
const speech = [...inOneRoom, 'leak'];
const speechAndReturn = [...speech, 'forget'];

export const scenarios = {
  smoke: {
    proves:
      'A look at a cluster: what is said is heard once and in one order, also by who loses the connection in between.',
    catches: speechAndReturn,
    needs: [],
    variables: {
      ...common({ members: 20, membersPerVu: 5, seconds: 20, p95Ms: 1_000 }),
      ROOMS: rooms(4),
      EVERY_MS: everyMs(250),
      CUT: share(0.25, 'of the members lose their connection, once'),
    },
  },
  ramp: {
    proves:
      'Connections that come and go by the hundred, in stages, are let in without refusals and disturb nobody who is there.',
    catches: speech,
    needs: [],
    variables: {
      ...common({ members: 200, seconds: 40, p95Ms: 2_000 }),
      ROOMS: rooms(40),
      EVERY_MS: everyMs(4_000),
      UP: share(0.4, 'of the time in which they come, at an even pace'),
      DOWN: share(0.3, 'of the time in which they go'),
    },
  },
  rooms: {
    proves:
      'Chat as people have it: few big rooms and many small ones (Zipf), several for each member, think times, long and short texts.',
    catches: speech,
    needs: [],
    variables: {
      ...common({ members: 60, seconds: 40, p95Ms: 1_000 }),
      ROOMS: rooms(20),
      ROOMS_EACH: positive(3, 'rooms that each member is in'),
      ZIPF: factor(1.1, 'how much more popular a room is than the next: room number n has 1/n to this power'),
      THINK_MS: count(
        1_500,
        'from one text of a member to its next, in milliseconds: the mean of an exponential distribution',
      ),
    },
  },
  fanout: {
    proves:
      'One room with everybody in it: each of many receivers hears each text once, in the one order, and soon.',
    catches: inOneRoom,
    needs: [],
    variables: {
      ...common({ members: 200, seconds: 20, p95Ms: 1_000, membersPerVu: 20 }),
      SPEAKERS: positive(4, 'of the members, who speak'),
      EVERY_MS: everyMs(800),
    },
  },
  private: {
    proves: 'Messages between two are heard by these two and by nobody else.',
    catches: speech,
    needs: [],
    variables: {
      ...common({ members: 40, seconds: 20, p95Ms: 1_000 }),
      PARTNERS: positive(3, 'with whom each member begins a conversation'),
      EVERY_MS: everyMs(700),
    },
  },
  churn: {
    proves:
      'Who joins a busy room hears everything from the answer on, and nothing more once leaving it is answered.',
    catches: speech,
    needs: [],
    variables: {
      ...common({ members: 40, seconds: 25, p95Ms: 1_000 }),
      ROOMS: rooms(8),
      SPEAKERS: positive(16, 'of the members, who stay and speak; the others come and go'),
      EVERY_MS: everyMs(400),
      STAY_MS: count(1_500, 'for which the others stay in a room, in milliseconds, on average'),
    },
  },
  storm: {
    proves:
      'Most connections are lost at one moment while the others talk on: all come back as who they were, with what they missed.',
    catches: speechAndReturn,
    needs: [],
    variables: {
      ...common({ members: 60, seconds: 25, p95Ms: 5_000 }),
      ROOMS: rooms(6),
      EVERY_MS: everyMs(500),
      CUT: share(0.8, 'of the members lose their connection, each time'),
      STORMS: positive(1, 'storms, at even distances'),
    },
  },
  rolling: {
    proves: 'A deploy, one gateway after the other, loses no session and no message.',
    catches: speechAndReturn,
    needs: ['roll'],
    variables: {
      ...common({ members: 60, seconds: 40, p95Ms: 5_000 }),
      ROOMS: rooms(6),
      EVERY_MS: everyMs(500),
    },
  },
  crash: {
    proves:
      'A gateway dies by SIGKILL and is started again: its clients go on elsewhere, with what they missed.',
    catches: speechAndReturn,
    needs: ['crash'],
    variables: {
      ...common({ members: 60, seconds: 25, p95Ms: 8_000 }),
      ROOMS: rooms(6),
      EVERY_MS: everyMs(500),
      DOWN_SECONDS: count(3, 'for which the gateway is gone'),
    },
  },
  redis: {
    proves:
      'Redis dies by SIGKILL and is started again: messages wait, then all are there; nobody loses a connection or a session.',
    catches: speech,
    needs: ['restart-redis'],
    variables: {
      ...common({ members: 60, seconds: 30, p95Ms: 15_000 }),
      ROOMS: rooms(6),
      EVERY_MS: everyMs(500),
      DOWN_SECONDS: count(3, 'for which Redis is gone'),
    },
  },
  slow: {
    proves: 'Members who read too slowly get everything in order, later, and nobody else waits for them.',
    catches: inOneRoom,
    needs: ['slow'],
    variables: {
      ...common({ members: 12, seconds: 25, p95Ms: 1_000, membersPerVu: 4 }),
      ROOMS: rooms(1),
      EVERY_MS: everyMs(100),
      SLOW: positive(4, 'of the members, who read slowly'),
      BYTES_PER_SECOND: positive(8_000, 'that each of them reads'),
      TEXT_LENGTH: count(3_900, 'of each text, in characters, of three bytes each'),
      CATCH_UP_SECONDS: count(
        60,
        'in which they must have heard everything once they read as fast as they can',
      ),
    },
  },
  spike: {
    proves:
      'A sudden crowd that speaks all at once costs nobody a message, and is forgotten soon after it has gone.',
    catches: speech,
    needs: [],
    variables: {
      ...common({ members: 40, seconds: 45, p95Ms: 1_000 }),
      ROOMS: rooms(10),
      EVERY_MS: everyMs(1_000),
      SPIKE_MEMBERS: positive(160, 'who come at once, after a third of the time'),
      SPIKE_SECONDS: positive(10, 'for which they stay'),
      SPIKE_EVERY_MS: count(1_000, 'from one text of theirs to the next, in milliseconds, on average'),
      AFTER_SECONDS: count(5, 'after the spike from which on P95_MS must hold again'),
    },
  },
  soak: {
    proves:
      'For a long time, with connections lost at random, nothing is lost; the report says what each process held early and late.',
    catches: speechAndReturn,
    needs: [],
    variables: {
      ...common({ members: 40, seconds: 600, p95Ms: 2_000 }),
      ROOMS: rooms(8),
      EVERY_MS: everyMs(1_000),
      CUT_EVERY_SECONDS: positive(60, 'from one loss of a member to the next, on average'),
      CHECK_EVERY_SECONDS: positive(30, 'from one comparison with the history to the next'),
    },
  },
  breakpoint: {
    proves:
      'How much is too much: raises the load step by step until a threshold breaks, and says which broke first. Correctness must hold all the same.',
    catches: speech,
    needs: [],
    variables: {
      ...common({ members: 400, seconds: 80, p95Ms: 500, membersPerVu: 20 }),
      STEPS: positive(8, 'of the load: in each, as many members more, for as long'),
      ROOM_SIZE: positive(8, 'members of a room'),
      EVERY_MS: everyMs(500),
    },
  },
};

/** In the order in which they are best run: the quick ones first. */
export const scenarioNames = Object.keys(scenarios);
