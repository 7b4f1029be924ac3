import { expect } from '@jest/globals';
import { connect, eventually, uniqueName } from '@sluice/testkit';
import { connectRaw } from '../lanes-support.ts';
import type { Stage } from './stage.ts';

/** The one key whose name has `part` in it. */
async function keyOf({ cluster }: Stage, part: string, type?: string): Promise<string> {
  const ofType = type === undefined ? [] : ['TYPE', type];
  const reply = await cluster.redis.command('SCAN', '0', 'MATCH', `*${part}*`, 'COUNT', '100000', ...ofType);
  const [, keys] = reply as readonly [string, readonly string[]];
  expect([part, keys.length]).toEqual([part, 1]);
  return keys[0] ?? '';
}

/** Where a room's messages are. */
export function streamOf(stage: Stage, room: string): Promise<string> {
  return keyOf(stage, room, 'stream');
}

/** Keys are of a type that nobody expects there, each for as long as it takes to see that. */
export async function wrongTypes(stage: Stage): Promise<void> {
  await wrongMessage(stage);
  if (stage.driver === 'lanes') await wrongSession(stage);
  if (stage.driver === 'sharded-pubsub') await wrongRoom(stage);
}

/** The place of a message that is sent once more: looked at first, so that nothing is half done. */
async function wrongMessage(stage: Stage): Promise<void> {
  const { scope, one, observatory } = stage;
  const room = uniqueName('room');
  const speaker = await connect(scope, one, { user: uniqueName('speaker') });
  await speaker.join(room);
  const message = { room, text: 'once', clientId: uniqueName('message') };
  await speaker.succeed('message:send', message);
  await withWrongType(stage, await keyOf(stage, message.clientId), async () => {
    const answer = await speaker.request('message:send', message);
    expect(answer).toMatchObject({ ok: false, error: { code: 'internal' } });
    await observatory.untilSeen('event failed');
  });
}

async function wrongSession(stage: Stage): Promise<void> {
  const { scope, one, observatory } = stage;
  const token = await one.issuer.token(uniqueName('guest'));
  const guest = await connectRaw(scope, one, { auth: { token } });
  let joined: Promise<object> | undefined;
  await withWrongType(stage, await keyOf(stage, guest.names?.pid ?? ''), async () => {
    joined = guest.succeed('room:join', { room: uniqueName('room') }, 40_000);
    await observatory.untilSeen('sluice_driver_faults_total', 'driver fault');
  });
  await joined;
}

async function wrongRoom(stage: Stage): Promise<void> {
  const { scope, one, two, observatory } = stage;
  const room = uniqueName('room');
  const speaker = await connect(scope, one, { user: uniqueName('speaker') });
  await speaker.join(room);
  await speaker.say(room, 'first');
  const late = await connect(scope, two);
  let joined: Promise<void> | undefined;
  await withWrongType(stage, await streamOf(stage, room), async () => {
    joined = late.join(room);
    await observatory.untilSeen('sluice_driver_faults_total', 'driver fault');
  });
  await joined;
}

/** What was there is there again at the end. */
async function withWrongType({ cluster }: Stage, key: string, work: () => Promise<void>): Promise<void> {
  const { redis } = cluster;
  const aside = `${key}-aside`;
  await redis.command('RENAME', key, aside);
  // Nothing of ours is a list.
  await redis.command('RPUSH', key, 'of no use');
  try {
    await work();
  } finally {
    await redis.command('RENAME', aside, key);
  }
}

/** Somebody else publishes to a room's channel. */
export async function foreignPayload({ scope, one, cluster }: Stage): Promise<void> {
  const room = uniqueName('room');
  const client = await connect(scope, one);
  await client.join(room);
  const channels = await cluster.redis.command('PUBSUB', 'SHARDCHANNELS', `*${room}*`);
  const [channel = ''] = channels as readonly string[];
  expect(await cluster.redis.command('SPUBLISH', channel, '- - {not ours\n')).toBe(1);
}

/** Redis stands still for longer than anybody waits for it, with something under way, and comes back. */
export async function outage(stage: Stage): Promise<void> {
  const { scope, driver, one, two, cluster, start, observatory } = stage;
  const { redis } = cluster;
  const speaker = await connect(scope, one);
  const room = uniqueName('room');
  await speaker.join(room);
  // One that neither waits for long nor takes its time to end.
  const impatient = { REQUEST_DEADLINE_MS: '1000', SHUTDOWN_GRACE_MS: '200' };
  const hasty = driver === 'lanes' ? await start('hasty', impatient) : undefined;
  const its = hasty && (await connect(scope, hasty));
  await its?.join(room);
  redis.pause();
  scope.onClose(() => redis.resume());
  const said = speaker.say(room, 'late');
  if (hasty !== undefined) {
    // A session that cannot be written.
    its?.emitRaw('room:leave', { room }, () => undefined);
    await observatory.untilSeen(
      'sluice_redis_commands_total',
      'sluice_driver_faults_total',
      'sluice_outbox_publications',
      'sluice_outbox_bytes',
    );
    hasty.child.signal('SIGTERM');
    await observatory.untilSeen('gateway did not stop in time');
  }
  await observatory.untilSeen(
    'sluice_ready',
    'sluice_redis_connection_up',
    'sluice_redis_commands_outstanding',
    'sluice_redis_connections_lost_total',
    'gateway not ready',
    'redis connection will be tried again',
  );
  if (driver === 'streams') await observatory.untilSeen('sluice_driver_faults_total');
  redis.resume();
  await said;
  for (const gateway of [one, two]) {
    await eventually(async () => (await gateway.health('readyz')) === 200, { timeoutMs: 40_000 });
  }
}
