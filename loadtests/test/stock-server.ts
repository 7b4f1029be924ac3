import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Scope } from '@sluice/testkit';
import { Server, type Socket } from 'socket.io';

type Answer = (...args: unknown[]) => void;

/** Starts a stock Socket.IO server for `exercises/client.ts` on the loopback, with recovery; returns its address. */
export async function startStockServer(scope: Scope): Promise<string> {
  const http = createServer();
  const io = new Server(http, { connectionStateRecovery: {}, pingInterval: 200, pingTimeout: 2_000 });
  scope.onClose(() => io.close());
  io.on('connection', serve);
  io.of('/admin').use((socket, next) => {
    const { token } = socket.handshake.auth as { token?: string };
    const data = { code: 'unauthorized', retryable: false };
    if (token === 'secret') next();
    else next(Object.assign(new Error('no entry'), { data }));
  });
  io.of('/admin').on('connection', serve);
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

function serve(socket: Socket): void {
  socket.on('say back', (...args: unknown[]) => socket.emit('said', ...args));
  socket.on('echo', (...args: unknown[]) => {
    const answer = args.pop() as Answer;
    answer(...args);
  });
  socket.on('ask me', (question: unknown) => {
    socket.emit('question', question, (answer: unknown) => socket.emit('answered', answer));
  });
  socket.on('whose connection', (answer: Answer) => answer((socket.conn as unknown as { id: string }).id));
  socket.on('put me out', () => socket.disconnect());
  socket.on('end my connection', () => socket.conn.close());
  socket.on('join', (room: string, answer: Answer) => {
    void Promise.resolve(socket.join(room)).then(() => answer());
  });
  socket.on('tell', (room: string, numbers: readonly number[], answer: Answer) => {
    for (const number of numbers) socket.nsp.to(room).emit('told', number);
    answer();
  });
  socket.on('after pings', (count: number, answer: Answer) => {
    let pongs = 0;
    socket.conn.on('heartbeat', () => {
      pongs += 1;
      if (pongs === count) answer('still connected');
    });
  });
  socket.on('ping me no more', () => {
    const { pingIntervalTimer, pingTimeoutTimer } = socket.conn as unknown as Record<string, NodeJS.Timeout>;
    clearTimeout(pingIntervalTimer);
    clearTimeout(pingTimeoutTimer);
  });
}
