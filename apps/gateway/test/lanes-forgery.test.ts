import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  connect,
  connectMembers,
  eventually,
  openScope,
  startCluster,
  uniqueName,
  type Client,
  type Cluster,
  type Gateway,
} from '@sluice/testkit';
import { connectRaw, openRaw, type RawClient } from './lanes-support.ts';

const shared = openScope(afterAll);
const scope = openScope(afterEach);
let cluster: Cluster;
let here: Gateway;
let elsewhere: Gateway;

beforeAll(async () => {
  cluster = await startCluster(shared, { nodes: 2, driver: 'lanes' });
  [here, elsewhere] = [cluster.gateway(0), cluster.gateway(1)];
});

/** A client that joined a room between two messages, heard a third, and missed a fourth. */
interface Absent {
  readonly user: string;
  readonly token: string;
  readonly room: string;
  readonly speaker: Client;
  readonly pid: string;
  readonly sid: string;
  /** The last offset it was given. */
  readonly offset: string;
  /** Of a message of its room before it joined, and of another room's. */
  readonly earlier: string;
  readonly foreign: string;
}

const forMembers = ['heard', 'missed'];

async function absent(): Promise<Absent> {
  const room = uniqueName('room');
  const other = uniqueName('other');
  const [speaker] = await connectMembers(scope, [elsewhere], room);
  await speaker.join(other);
  const { id: foreign } = await speaker.say(other, 'for others');
  const { id: earlier } = await speaker.say(room, 'before the join');
  const user = uniqueName('user');
  const token = await cluster.issuer.token(user);
  const client = await connectRaw(scope, here, { auth: { token } });
  await client.succeed('room:join', { room });
  await speaker.say(room, 'heard');
  await client.untilText('heard');
  const { sid, pid } = client.names as { sid: string; pid: string };
  const offset = client.offset as string;
  client.cut();
  await speaker.say(other, 'for others too');
  await speaker.say(room, 'missed');
  return { user, token, room, speaker, pid, sid, offset, earlier, foreign };
}

async function comeBack(auth: Readonly<Record<string, unknown>>): Promise<RawClient> {
  return await connectRaw(scope, elsewhere, { auth });
}

/** Proves that nothing is on its way any more: the next thing said is the next thing heard. */
async function heardBy(client: RawClient, { room, speaker }: Absent): Promise<readonly string[]> {
  const marker = uniqueName('marker');
  await speaker.say(room, marker);
  await client.untilText(marker);
  return client.texts.filter((text) => text !== marker);
}

test('a client that comes back with what it was given is who it was', async () => {
  const one = await absent();
  const { token, pid, sid, offset } = one;
  const client = await comeBack({ token, pid, offset });
  expect(client.names).toEqual({ sid, pid });
  expect(await client.untilReady()).toMatchObject({ recovered: true });
  expect(await heardBy(client, one)).toEqual(['missed']);
});

describe('an offset', () => {
  const early: Array<[string, (one: Absent) => string | undefined]> = [
    ['that was never given out, from the beginning of time', () => '0-0'],
    ['one before', () => '0-1'],
    ["of the room's past, from before the join", ({ earlier }) => earlier],
    ['of another room', ({ foreign }) => foreign],
    ['that is left out', () => undefined],
  ];
  test.each(early)('%s brings nothing from before the join, and nothing of other rooms', async (_, forge) => {
    const one = await absent();
    const { token, pid } = one;
    const offset = forge(one);
    const client = await comeBack({ token, pid, ...(offset !== undefined && { offset }) });
    expect(await client.untilReady()).toMatchObject({ recovered: true });
    expect(await heardBy(client, one)).toEqual(forMembers);
  });

  const invalid: Array<[string, unknown]> = [
    ['of the future', `${Date.now() + 3_600_000}-0`],
    ['of the far future', '9007199254740991-9007199254740991'],
    ['past every number', '18446744073709551616-0'],
    ['with signs', '-1-0'],
    ['with more behind it', '0-0 +'],
    ['with a line break', '0-0\r\n'],
    ['with a null character', '0-0\u0000'],
    ["of Redis's own", '$'],
    ['that means the end', '+'],
    ['that means the beginning', '-'],
    ['that is empty', ''],
    ['of words', 'the beginning'],
    ['that is very long', `${'1'.repeat(10_000)}-0`],
    ['that is a number', 0],
    ['that is null', null],
    ['that is true', true],
    ['that is a list', ['0-0']],
    ['that is an object', { toString: '0-0' }],
  ];
  test.each(invalid)('%s yields a fresh session and not one message', async (_, offset) => {
    const one = await absent();
    const { token, pid, sid } = one;
    const client = await comeBack({ token, pid, offset });
    expect(await client.untilReady()).toMatchObject({ recovered: false, reason: 'offset' });
    expect(client.names?.pid).not.toBe(pid);
    expect(client.names?.sid).not.toBe(sid);
    await client.succeed('room:join', { room: one.room });
    expect(await heardBy(client, one)).toEqual([]);
  });
});

describe('a session', () => {
  test("with another user's token is not theirs, and stays its user's", async () => {
    const one = await absent();
    const { token, pid, sid, offset, user } = one;
    const thief = await comeBack({ token: await cluster.issuer.token(uniqueName('thief')), pid, offset });
    expect(await thief.untilReady()).toMatchObject({ recovered: false, reason: 'foreign' });
    expect(thief.names?.sid).not.toBe(sid);
    await expect(thief.succeed('history:read', { room: one.room })).rejects.toThrow('not_joined');
    const rightful = await comeBack({ token, pid, offset });
    expect(await rightful.untilReady()).toMatchObject({ user, recovered: true });
    expect(rightful.names).toEqual({ sid, pid });
    expect(await heardBy(rightful, one)).toEqual(['missed']);
    expect(thief.messages).toEqual([]);
  });

  test('that is in use is not taken from its user by a thief, nor disturbed', async () => {
    const room = uniqueName('room');
    const [victim, speaker] = await connectMembers(scope, [here, elsewhere], room);
    const { _pid: pid } = victim.socket as unknown as { _pid: string };
    const thief = await comeBack({ token: await cluster.issuer.token(uniqueName('thief')), pid });
    expect(await thief.untilReady()).toMatchObject({ recovered: false, reason: 'foreign' });
    await speaker.say(room, 'for members');
    await victim.untilText(room, 'for members');
    await victim.say(room, 'still here');
    expect(victim.journal.entries.filter(({ kind }) => kind === 'disconnected')).toEqual([]);
    expect(thief.messages).toEqual([]);
  });

  const unknown: Array<[string, (one: Absent) => unknown]> = [
    ['that never was', () => 'nobody'],
    ['whose private name is guessed by the public one', ({ sid }) => sid],
    ['whose name reaches for another key', ({ pid }) => `../${pid}`],
    ['whose name breaks out of its key', ({ pid }) => `${pid}\r\nFLUSHALL\r\n`],
    ['whose name has a hash tag of its own', ({ pid }) => `{lane}:${pid}`],
    ['with an empty name', () => ''],
    ['with a very long name', () => 'x'.repeat(20_000)],
    ['whose name is a number', () => 1],
    ['whose name is null', () => null],
    ['whose name is a list', ({ pid }) => [pid]],
  ];
  test.each(unknown)('%s restores nothing, and costs its rightful user nothing', async (_, forge) => {
    const one = await absent();
    const { token, pid, sid, offset } = one;
    const client = await comeBack({ token, pid: forge(one), offset });
    expect(await client.untilReady()).toMatchObject({ recovered: false });
    expect(client.names?.sid).not.toBe(sid);
    expect(client.messages).toEqual([]);
    const rightful = await comeBack({ token, pid, offset });
    expect(await rightful.untilReady()).toMatchObject({ recovered: true });
    expect(await heardBy(rightful, one)).toEqual(['missed']);
    expect(client.messages).toEqual([]);
  });

  test('without any token is not touched, and not one frame but the refusal is sent', async () => {
    const one = await absent();
    const { token, pid, offset } = one;
    const stranger = await openRaw(scope, elsewhere, { auth: { pid, offset } });
    expect(await stranger.untilRefused()).toEqual({ code: 'unauthorized', retryable: false });
    expect(stranger.frames.entries).toHaveLength(1);
    const rightful = await comeBack({ token, pid, offset });
    expect(await rightful.untilReady()).toMatchObject({ recovered: true });
    expect(await heardBy(rightful, one)).toEqual(['missed']);
    expect(stranger.frames.entries).toHaveLength(1);
  });

  test('presented at another namespace restores nothing there', async () => {
    const one = await absent();
    const { token, pid, offset } = one;
    const stranger = await openRaw(scope, elsewhere, { auth: { token, pid, offset }, namespace: '/admin' });
    await stranger.frames.until((frames) => frames.length > 0);
    expect(stranger.frames.entries).toEqual(['44/admin,{"message":"Invalid namespace"}']);
    const rightful = await comeBack({ token, pid, offset });
    expect(await rightful.untilReady()).toMatchObject({ recovered: true });
    expect(await heardBy(rightful, one)).toEqual(['missed']);
  });

  test('that was left by choice is over', async () => {
    const room = uniqueName('room');
    const [client, speaker] = await connectMembers(scope, [here, elsewhere], room);
    const { _pid: pid } = client.socket as unknown as { _pid: string };
    client.close();
    await eventually(
      async () => ((await cluster.redis.command('KEYS', `*${pid}*`)) as unknown[]).length === 0,
      {
        describe: () => 'its session is removed',
      },
    );
    await speaker.say(room, 'for those who stayed');
    const back = await comeBack({ token: await client.token(client.user), pid });
    expect(await back.untilReady()).toMatchObject({ recovered: false, reason: 'unknown' });
    expect(back.messages).toEqual([]);
  });

  test('restores no room that was left before', async () => {
    const one = await absent();
    const { token, pid, offset, room } = one;
    const first = await comeBack({ token, pid, offset });
    await first.untilText('missed');
    await first.succeed('room:leave', { room });
    const last = first.offset;
    first.cut();
    await one.speaker.say(room, 'after the leave');
    const second = await comeBack({ token, pid, offset: last });
    expect(await second.untilReady()).toMatchObject({ recovered: true });
    await expect(second.succeed('history:read', { room })).rejects.toThrow('not_joined');
    expect(second.messages).toEqual([]);
  });
});

test('what was volatile is not replayed, and moves nobody past what is', async () => {
  const room = uniqueName('room');
  const [speaker] = await connectMembers(scope, [elsewhere], room);
  const client = await connect(scope, here, {});
  await client.join(room);
  await speaker.say(room, 'heard');
  await client.untilText(room, 'heard');
  speaker.emitRaw('typing:set', { room, typing: true });
  await client.untilHeard('typing:changed', ({ typing }) => typing);
  client.cut();
  await client.untilDisconnected();
  speaker.emitRaw('typing:set', { room, typing: false });
  await speaker.say(room, 'missed');
  speaker.emitRaw('typing:set', { room, typing: true });
  await speaker.say(room, 'missed too');
  client.moveTo(elsewhere.url);
  client.socket.connect();
  expect(await client.untilReady(2)).toMatchObject({ recovered: true });
  await speaker.say(room, 'now');
  await client.untilText(room, 'now');
  expect(client.texts(room)).toEqual(['heard', 'missed', 'missed too', 'now']);
  expect(client.heard('typing:changed')).toHaveLength(1);
});
