import { setTimeout as pause } from 'node:timers/promises';
import { connect, startFaultProxy, uniqueName, type Client } from '@sluice/testkit';
import { returning } from '../lanes-support.ts';
import { streamOf } from './redis-scenes.ts';
import { PollingReader } from './polling-reader.ts';
import type { Stage } from './stage.ts';

const line = 'x'.repeat(4_000);
// Far more than SPILL_BYTES. A client may say so much at once.
const lines = 12;

async function sayLines(speaker: Client, room: string): Promise<void> {
  for (let said = 0; said < lines; said += 1) await speaker.say(room, line);
}

/** A client asks for more and more, and takes nothing of it. */
export async function greedyReader({ scope, one, two, observatory }: Stage): Promise<void> {
  const room = uniqueName('room');
  const speaker = await connect(scope, two);
  await speaker.join(room);
  await sayLines(speaker, room);
  const reader = await PollingReader.connect(one, uniqueName('greedy'));
  await reader.join(room);
  const ask = (): Promise<void> => reader.send(`421${JSON.stringify(['history:read', { room }])}`);
  await ask();
  await observatory.untilSeen('sluice_queued_bytes', 'sluice_queued_bytes_max');
  await ask();
}

/** A client is slower than its room, twice: the second time its room does not wait for it. */
export async function slowReader(stage: Stage): Promise<void> {
  const { scope, one, two, observatory, cluster } = stage;
  const room = uniqueName('room');
  const reader = await PollingReader.connect(one, uniqueName('slow'));
  await reader.join(room);
  const speaker = await connect(scope, two, { user: uniqueName('speaker') });
  await speaker.join(room);
  await sayLines(speaker, room);
  await observatory.untilSeen('sluice_spills_total');
  const isLine = (packet: string): boolean => packet.startsWith('42["message:new"');
  await reader.readUntil(isLine, lines);
  await observatory.untilSeen('sluice_resume_duration_seconds');

  await sayLines(speaker, room);
  const stream = await streamOf(stage, room);
  await cluster.redis.command('XTRIM', stream, 'MAXLEN', '1');
  await reader.readUntil((packet) => packet.startsWith('42["sluice:gap"'));
  // Rooms are looked at in turn: what was trimmed between two looks is found.
  const trimmed = observatory.untilSeen('sluice_log_trimmed_total').then(() => true);
  while (!(await Promise.race([trimmed, pause(500)]))) {
    await speaker.say(room, 'short');
    await cluster.redis.command('XTRIM', stream, 'MAXLEN', '1');
  }
}

/** A client comes back to what it has missed: while its node still has it for connected, and after that was killed. */
export async function returns({ scope, driver, one, two, start, observatory }: Stage): Promise<void> {
  const room = uniqueName('room');
  const speaker = await connect(scope, two);
  await speaker.join(room);
  const { hostname, port } = new URL(one.url);
  const proxy = await startFaultProxy(scope, { target: { host: hostname, port: Number(port) } });
  const door = { url: proxy.url, issuer: one.issuer };
  const guest = await connect(scope, door, { user: uniqueName('guest'), socket: returning });
  await guest.join(room);
  await speaker.say(room, 'heard');
  await guest.untilText(room, 'heard');

  proxy.refuse();
  if (driver === 'lanes') proxy.halfOpen('client');
  else proxy.cut();
  await guest.untilDisconnected();
  await speaker.say(room, 'missed');
  if (driver === 'lanes') guest.moveTo(two.url);
  else await proxy.heal();
  await guest.untilText(room, 'missed');
  await guest.untilHeard('session:ready', ({ recovered }) => recovered);
  if (driver !== 'lanes') return;

  await observatory.untilSeen('sluice_fenced_sockets_total');
  const victim = await start('victim');
  guest.moveTo(victim.url);
  guest.cut();
  await guest.untilHeard('session:ready', ({ nodeId }) => nodeId === victim.nodeId);
  await victim.kill();
  await speaker.say(room, 'missed again');
  guest.moveTo(one.url);
  await guest.untilText(room, 'missed again');
  await guest.untilHeard('session:ready', ({ nodeId, recovered }) => nodeId === one.nodeId && recovered);
}
