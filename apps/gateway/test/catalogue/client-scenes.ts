import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { connect, connectRefused, uniqueName, type Target } from '@sluice/testkit';
import { WebSocket } from 'ws';
import { unreadable, type Stage } from './stage.ts';

/** Clients come over either transport, and go in several ways. */
export async function visits({ scope, one, observatory }: Stage): Promise<void> {
  const direct = await connect(scope, one, { user: 'ada' });
  await direct.join(uniqueName('room'));
  const upgraded = await connect(scope, one, { socket: { transports: ['polling', 'websocket'] } });
  const token = await one.issuer.token('bob');
  await connect(scope, one, { auth: { token, recovery: 'off' } });
  await observatory.untilSeen('sluice_connections', 'sluice_rooms', 'sluice_transport_upgrades_total');
  direct.close();
  upgraded.cut();
  await endWebSocket(one, (socket) => socket.close(1011));
  await endWebSocket(one, (socket) => socket.close(4000));
  await endWebSocket(one, (socket) => socket.terminate());
}

/** Connects a WebSocket, and ends it once it has been let in. */
async function endWebSocket({ url, issuer }: Target, end: (socket: WebSocket) => void): Promise<void> {
  const token = await issuer.token('eve');
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => resolve());
    socket.on('message', (data: Buffer) => {
      const packet = data.toString();
      if (packet.startsWith('0')) socket.send(`40${JSON.stringify({ token })}`);
      if (packet.startsWith('40')) end(socket);
    });
  });
}

export async function refusals({ scope, one }: Stage): Promise<void> {
  expect(await connectRefused(scope, one, { token: 'none' })).toMatchObject({ code: 'unauthorized' });
  const token = await one.issuer.token('ada', { claims: { exp: 1 } });
  expect(await connectRefused(scope, one, { token })).toMatchObject({ code: 'token_expired' });
  const polling = 'EIO=4&transport=polling';
  const wrong = ['EIO=4&transport=pigeon', `${polling}&sid=none`, 'EIO=3&transport=polling'];
  for (const query of wrong) expect((await fetch(`${one.url}/socket.io/?${query}`)).status).toBe(400);
  const put = await fetch(`${one.url}/socket.io/?${polling}`, { method: 'PUT' });
  expect(put.status).toBe(400);
}

/** Every event that there is, and one that there is not; said well, said twice, and said badly. */
export async function talk({ scope, one, two }: Stage): Promise<void> {
  const room = uniqueName('room');
  const speaker = await connect(scope, one, { user: uniqueName('speaker') });
  const token = await two.issuer.token('listener');
  const listener = await connect(scope, two, { auth: { token, trace: 'on' } });
  for (const client of [speaker, listener]) await client.join(room);
  const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;
  const message = { room, text: 'hello', clientId: randomUUID(), traceparent };
  const { id } = await speaker.succeed('message:send', message);
  expect(await speaker.succeed('message:send', { ...message, traceparent: 'garbage' })).toMatchObject({ id });
  await listener.untilText(room, 'hello');
  await speaker.succeed('history:read', { room });
  speaker.emitRaw('typing:set', { room, typing: true });
  await listener.untilHeard('typing:changed');
  speaker.emitRaw('message:send', message);
  await speaker.untilHeard('request:failed');
  expect(await speaker.requestRaw('message:burn', [{}])).toMatchObject({ ok: false });
  await speaker.succeed('room:leave', { room });
  expect(await speaker.request('history:read', { room })).toMatchObject({ ok: false });
}

/** What is reached over HTTP beside Socket.IO. */
export async function operators({ one, observatory }: Stage): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const asked = await fetch(`${one.url}/auth/dev-token`, { method: 'POST', headers, body: '{"user":"ada"}' });
  expect(asked.status).toBe(200);
  for (const level of ['warn', 'info']) {
    const body = JSON.stringify({ level });
    await fetch(`${one.operatorUrl}/log-level`, { method: 'PUT', headers, body });
  }
  expect((await fetch(`${one.url}/${unreadable}`)).status).toBe(500);
  await observatory.untilSeen('log level changed', 'request failed');
}

/** One client says more than it may, and goes on. */
export async function flood({ scope, two }: Stage): Promise<void> {
  const client = await connect(scope, two);
  for (let event = 0; event < 400; event += 1)
    client.emitRaw('room:leave', { room: 'none' }, () => undefined);
  await client.untilDisconnected();
}
