import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { createClusterDriver, type DriverName } from '@sluice/cluster-adapter';
import { createRedisCore } from '@sluice/redis-core';
import { Server, type DefaultEventsMap } from 'socket.io';

export interface SocketIoGatewayOptions {
  readonly port: number;
  readonly redisUrl: string;
  readonly nodeId: string;
  readonly driver: DriverName;
}

interface ClientToServerEvents {
  join: (room: string, done: () => void) => void;
  m: (message: { readonly room: string; readonly text: string }) => void;
}

interface ServerToClientEvents {
  m: (message: { readonly room: string; readonly text: string }) => void;
}

interface SocketData {
  user: string;
}

const recoveryWindowMs = 120_000;
const dayMs = 86_400_000;

/**
 * A Socket.IO server with a driver of ours under it, composed as apps/gateway does it, with that one's defaults, and with
 * recovery where the driver has it. What a chat adds (tokens, history, limits, acknowledgements) is left out: the floor has
 * none of it either.
 */
export async function startSocketIoGateway(options: SocketIoGatewayOptions): Promise<void> {
  const { port, redisUrl, nodeId } = options;
  const core = createRedisCore({ url: redisUrl, nodeId });
  const driver = await createClusterDriver(core, {
    driver: options.driver,
    nodeId,
    recoveryWindowMs,
    userOf: (socket) => (socket.data as SocketData).user,
    log: { maxEntries: 10_000, maxAgeMs: 7 * dayMs, idempotencyTtlMs: 600_000 },
    onFault: ({ operation, cause }) => process.stderr.write(`${operation}: ${String(cause)}\n`),
  });
  const http = createServer();
  const io = new Server<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, SocketData>(http, {
    transports: ['websocket'],
    serveClient: false,
    ...(driver.recovers && {
      connectionStateRecovery: { maxDisconnectionDuration: recoveryWindowMs, skipMiddlewares: false },
    }),
  });
  io.adapter(driver.adapter);
  io.use((socket, next) => {
    socket.data.user = String(socket.handshake.auth['user']);
    next();
  });
  io.engine.on('connection', (conn: { request: unknown }) => {
    conn.request = null;
  });
  io.on('connection', (socket) => {
    driver.replayMissed(socket);
    socket.on('join', (room, done) => {
      Promise.all([socket.join(room), driver.joined(room)]).then(
        () => done(),
        (error: unknown) => process.stderr.write(`join: ${String(error)}\n`),
      );
    });
    socket.on('m', (message) => {
      io.to(message.room).emit('m', message);
    });
  });

  const { signal } = new AbortController();
  await core.start(signal);
  await driver.start(signal);
  http.listen(port, '127.0.0.1');
  await once(http, 'listening');
  while (!driver.ready || !driver.attached) await pause(5);
}
