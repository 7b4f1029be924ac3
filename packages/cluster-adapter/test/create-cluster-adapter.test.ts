import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { createRedisCore } from '@sluice/redis-core';
import { eventually, openScope, startRedis, type RedisServer } from '@sluice/testkit';
import { Server } from 'socket.io';
import { io as connect, type Socket } from 'socket.io-client';
import { createClusterAdapter } from '../src/index.ts';
import { isThere } from './is-there.ts';

const scope = openScope(afterEach);

async function startServer(redis: RedisServer, nodeId: string): Promise<{ io: Server; url: string }> {
  const core = createRedisCore({ url: redis.url, nodeId, tuning: { deadlineMs: 30_000 } });
  const http = createServer();
  const io = new Server(http, { connectionStateRecovery: {} });
  const adapter = createClusterAdapter({ core });
  io.adapter(adapter);
  await core.start(new AbortController().signal);
  scope.onClose(async () => {
    await io.close();
    await adapter.stop(1_000);
    await core.stop(1_000);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  await eventually(() => adapter.attached);
  return { io, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` };
}

/** Goes to a server, also as who it was elsewhere. */
async function goTo(socket: Socket, url: string): Promise<void> {
  (socket.io as unknown as { uri: string }).uri = url;
  socket.connect();
  await eventually(() => isThere(socket));
}

test('a core is all that an adapter needs, for what is said elsewhere and for sessions', async () => {
  const redis = await startRedis(scope, { conf: { appendonly: 'no' } });
  const [one, two] = [await startServer(redis, 'one'), await startServer(redis, 'two')];
  const socket = connect(one.url, { transports: ['websocket'], reconnection: false, autoConnect: false });
  scope.onClose(() => void socket.disconnect());
  const heard: unknown[] = [];
  socket.on('said', (n: unknown) => heard.push(n));
  await goTo(socket, one.url);
  const { id } = socket;
  two.io.emit('said', 1);
  await eventually(() => heard.length === 1);
  socket.io.engine.close();
  await eventually(() => one.io.sockets.sockets.size === 0);
  two.io.emit('said', 2);
  await goTo(socket, two.url);
  await eventually(() => heard.length === 2);
  expect([socket.recovered, socket.id, heard]).toEqual([true, id, [1, 2]]);
});
