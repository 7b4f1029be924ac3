import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { limits, type ProtocolErrorCode } from '@sluice/protocol';
import {
  connect,
  connectMembers,
  messagesHeard,
  metricTotal,
  openScope,
  startCluster,
  uniqueName,
  type Cluster,
  type Gateway,
} from '@sluice/testkit';

const shared = openScope(afterAll);
const scope = openScope(afterEach);
let cluster: Cluster;
let gateway: Gateway;
// Part of every text that these tests send, so that it can be looked for where it must not be.
const canary = uniqueName('canary');

beforeAll(async () => {
  cluster = await startCluster(shared, {
    nodes: 2,
    env: { RATE_LIMIT_PER_SECOND: '50000', RATE_LIMIT_BURST: '50000', LOG_LEVEL: 'trace' },
  });
  gateway = cluster.gateway(0);
});

const failure = (code: ProtocolErrorCode) => ({
  ok: false,
  error: { code, message: expect.any(String), retryable: false },
});
const unit = (length: number) => 'x'.repeat(length);

/** How often the gateway has counted this outcome of this event. */
async function counted(event: string, outcome: string): Promise<number> {
  return metricTotal(await gateway.metrics(), 'sluice_events_total', { event, outcome });
}

/** Valid payloads, for a client that has joined `room`. */
const valid = (room: string): Record<string, Record<string, unknown>> => ({
  'room:join': { room },
  'room:leave': { room: uniqueName('other') },
  'message:send': { room, text: canary, clientId: uniqueName('client') },
  'history:read': { room, before: '1-1', limit: 1 },
  'typing:set': { room, typing: true },
});
const events = Object.keys(valid(''));

describe('events that do not exist', () => {
  const names = [
    '',
    'nonsense',
    'constructor',
    '__proto__',
    'toString',
    'message:new',
    'room:join ',
    'x'.repeat(70),
  ];

  test.each(names)('%j is answered with unknown_event', async (name) => {
    const client = await connect(scope, gateway);
    const before = await counted('unknown', 'unknown_event');
    expect(await client.requestRaw(name, [{ room: 'lobby' }])).toEqual(failure('unknown_event'));
    client.emitRaw(name, 'no acknowledgement');
    expect(await client.untilHeard('request:failed')).toEqual({
      event: name.slice(0, 64),
      error: failure('unknown_event').error,
    });
    expect(await counted('unknown', 'unknown_event')).toBe(before + 2);
  });
});

describe('a missing acknowledgement', () => {
  test.each(events.filter((event) => event !== 'typing:set'))('of %s fails the request', async (event) => {
    const room = uniqueName('room');
    const [client] = await connectMembers(scope, [gateway], room);
    const before = await counted(event, 'missing_ack');
    client.emitRaw(event, valid(room)[event]);
    expect(await client.untilHeard('request:failed')).toEqual({
      event,
      error: failure('missing_ack').error,
    });
    expect(await counted(event, 'missing_ack')).toBe(before + 1);
    // It had no effect either.
    expect(await messagesHeard(room, client, [client])).toEqual([[]]);
  });

  test('of a typing:set that is wrong fails it as well', async () => {
    const client = await connect(scope, gateway);
    client.emitRaw('typing:set', { room: 1 });
    expect(await client.untilHeard('request:failed')).toEqual({
      event: 'typing:set',
      error: failure('invalid_payload').error,
    });
  });
});

describe.each(events)('%s of the wrong shape', (event) => {
  const notPayloads: unknown[] = [
    null,
    true,
    0,
    -1e308,
    'lobby',
    [],
    [['room', 'lobby']],
    {},
    Buffer.from('lobby'),
    { room: {} },
    [{ room: 'lobby' }],
    JSON.parse('{"__proto__":{"room":"lobby","text":"t","clientId":"c","typing":true}}'),
    JSON.parse('{"constructor":{"prototype":{"room":"lobby"}}}'),
    nested(1_000),
  ];
  const notNames: unknown[] = [
    undefined,
    null,
    1,
    1e308,
    true,
    [],
    ['lobby'],
    {},
    { toString: 'lobby' },
    Buffer.from('lobby'),
    '',
    ' ',
    '\u0000',
    'line\nbreak',
    'right\u202Eto left',
    'soft\u00ADhyphen',
    '\u2028',
    '\uD800',
    'half a pair \uDC00',
  ];
  const wrongFields: Record<string, unknown[]> = {
    room: [...notNames, unit(limits.roomLength + 1)],
    clientId: [...notNames, unit(limits.clientIdLength + 1)],
    text: [undefined, null, 1, [], {}, Buffer.from('text'), '', '\uD800', `half a pair \uDC00`],
    typing: [undefined, null, 0, 'true', [], {}],
    limit: [null, 0, -1, 1.5, '5', 1e308, limits.historyPage + 1, [], {}],
    before: [
      null,
      1,
      '',
      'x',
      '1',
      '1-',
      '-1',
      '1-1-1',
      '01-1',
      '1-1 ',
      '18446744073709551616-0',
      unit(500),
      {},
    ],
  };

  test('is answered with invalid_payload, counted, and does nothing', async () => {
    const room = uniqueName('room');
    const [client] = await connectMembers(scope, [gateway], room);
    const payload = valid(room)[event] ?? {};
    const wrong = Object.keys(payload).flatMap((field) =>
      (wrongFields[field] ?? []).map((value) => ({ ...payload, [field]: value })),
    );
    const argumentLists = [[], [payload, payload], ...[...notPayloads, ...wrong].map((each) => [each])];
    const before = await counted(event, 'invalid_payload');
    for (const args of argumentLists) {
      const answer = await client.requestRaw(event, args);
      expect({ args, answer }).toEqual({ args, answer: failure('invalid_payload') });
    }
    expect(await counted(event, 'invalid_payload')).toBe(before + argumentLists.length);
    expect(await messagesHeard(room, client, [client])).toEqual([[]]);
  });
});

test('whatever JSON arrives is answered', async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  const random = seeded(seed);
  const client = await connect(scope, gateway);
  const answers = await Promise.all(
    Array.from({ length: 500 }, async () => {
      const event = events[Math.floor(random() * events.length)] ?? '';
      const payload = anything(random, 4);
      return { event, payload, answer: await client.requestRaw(event, [payload]) };
    }),
  );
  for (const { event, payload, answer } of answers) {
    const codes = ['invalid_payload', 'too_large', 'not_joined'];
    const code = (answer as { error?: { code: string } }).error?.code;
    // A random but valid name may be joined, and then be read and so on; without a name nothing succeeds.
    const { room } = (payload ?? {}) as { room?: unknown };
    const fine = codes.includes(code ?? '') || (code === undefined && typeof room === 'string');
    expect({ seed, event, payload, answer, fine }).toEqual({ seed, event, payload, answer, fine: true });
  }
});

describe('limits', () => {
  test('of names and texts hold to the UTF-16 unit', async () => {
    const client = await connect(scope, gateway, { user: unit(limits.userLength) });
    const send = (room: string, text: string, clientId: string) =>
      client.request('message:send', { room, text, clientId });
    // Two units each.
    const waves = '\u{1F44B}'.repeat(limits.roomLength / 2);
    for (const room of [unit(limits.roomLength), waves]) {
      await client.join(room);
      expect(await client.request('room:join', { room: `${room}x` })).toEqual(failure('invalid_payload'));
      for (const [text, clientId] of [
        [unit(limits.textLength), unit(limits.clientIdLength)],
        ['\u{1F44B}'.repeat(limits.textLength / 2), '\u{1F44B}'.repeat(limits.clientIdLength / 2)],
        // Three bytes each in UTF-8, so the longest text there is on the wire.
        ['€'.repeat(limits.textLength), 'c'],
      ] as const) {
        expect(await send(room, text, clientId)).toMatchObject({ ok: true });
        expect((await client.untilText(room, text)).clientId).toBe(clientId);
        expect(await send(room, `${text}x`, clientId)).toEqual(failure('too_large'));
        expect(await send(room, text, `${clientId.padEnd(limits.clientIdLength)}x`)).toEqual(
          failure('invalid_payload'),
        );
      }
    }
    expect(await send(waves, unit(20_000), 'c')).toEqual(failure('too_large'));
  });

  test('of rooms per connection', async () => {
    const modest = await cluster.add('modest', { MAX_ROOMS_PER_SOCKET: '2' });
    shared.onClose(() => modest.stop());
    const [client] = await connectMembers(scope, [modest], 'first');
    await client.join('second');
    await client.join('second');
    expect(await client.request('room:join', { room: 'third' })).toEqual(failure('too_many_rooms'));
    await client.succeed('room:leave', { room: 'first' });
    await client.join('third');
    const samples = await modest.metrics();
    expect(metricTotal(samples, 'sluice_events_total', { outcome: 'too_many_rooms' })).toBe(1);
  });
});

test('a room that was not joined, or was left, answers not_joined', async () => {
  const room = uniqueName('room');
  const [member, client] = await connectMembers(scope, [gateway, gateway], room);
  await member.say(room, 'here');
  await client.succeed('room:leave', { room });
  const payloads = valid(room);
  for (const event of ['message:send', 'history:read', 'typing:set']) {
    const before = await counted(event, 'not_joined');
    expect(await client.requestRaw(event, [payloads[event]])).toEqual(failure('not_joined'));
    expect(await counted(event, 'not_joined')).toBe(before + 1);
  }
  client.emitRaw('typing:set', payloads['typing:set']);
  expect(await client.untilHeard('request:failed')).toEqual({
    event: 'typing:set',
    error: failure('not_joined').error,
  });
  expect(await messagesHeard(room, member, [member])).toEqual([['here']]);
  expect(member.heard('typing:changed')).toEqual([]);
});

test('no log line holds a text or a token, at whatever level', async () => {
  const room = uniqueName('room');
  const [client] = await connectMembers(scope, [gateway], room);
  await client.say(room, canary);
  await client.requestRaw('message:send', [{ room, text: canary, clientId: {} }]);
  await client.requestRaw(canary, [canary]);
  client.emitRaw('message:send', { room, text: canary });
  await client.untilHeard('request:failed');
  const { token } = client.socket.auth as { token: string };
  const output = gateway.child.output.entries.map((line) => line.text).join('\n');
  expect(output).toContain('"msg":"connected"');
  expect(output).not.toContain(canary);
  for (const part of token.split('.')) expect(output).not.toContain(part);
});

function nested(depth: number): unknown {
  let value: unknown = 'lobby';
  for (let level = 0; level < depth; level++) value = { room: value };
  return value;
}

/** https://github.com/cprosche/mulberry32 */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function anything(random: () => number, depth: number): unknown {
  const pick = <Item>(items: readonly [Item, ...Item[]]): Item =>
    items[Math.floor(random() * items.length)] ?? items[0];
  const fields = ['room', 'text', 'clientId', 'before', 'limit', 'typing', '__proto__', 'constructor', ''];
  const text = () =>
    Array.from({ length: Math.floor(random() * 20) }, () => String.fromCharCode(random() * 0xffff)).join('');
  const kinds: [() => unknown, ...Array<() => unknown>] = [
    () => null,
    () => random() < 0.5,
    () => pick([0, -0, 1, -1, 0.1, 2 ** 53, 1e308, Math.floor(random() * 1_000)]),
    text,
    () => pick(['lobby', 'room:lobby', '*', '1-1', '{lobby}']),
  ];
  if (depth > 0) {
    kinds.push(
      () => Array.from({ length: Math.floor(random() * 4) }, () => anything(random, depth - 1)),
      () =>
        Object.fromEntries(
          fields.filter(() => random() < 0.5).map((key) => [key, anything(random, depth - 1)]),
        ),
      () =>
        Object.fromEntries(
          fields.filter(() => random() < 0.5).map((key) => [key, anything(random, depth - 1)]),
        ),
    );
  }
  return pick(kinds)();
}
