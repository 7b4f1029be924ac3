import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Scope } from '@sluice/testkit';
import type { Controls } from './cluster-under-test.ts';

const portionsPerSecond = 10;

/** How fast bytes pass on their way to clients; 0 is as fast as they can. */
interface Pace {
  bytesPerSecond: number;
}

/**
 * An address on the loopback whose WebSockets lead to `target`, and carry so many bytes a second each to whoever connects there:
 * what is not read piles up at the server, as with a slow line. It opens with the first call; later ones change the pace of all.
 */
export function createSlowAddress(scope: Scope, target: string): NonNullable<Controls['slow']> {
  const pace: Pace = { bytesPerSecond: 0 };
  let address: Promise<string> | undefined;
  return async ({ bytesPerSecond }) => {
    pace.bytesPerSecond = bytesPerSecond;
    address ??= openAddress(scope, target, pace);
    return { address: await address };
  };
}

async function openAddress(scope: Scope, target: string, pace: Pace): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(426).end('WebSockets only'));
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  server.on('upgrade', (request, client: Socket, head: Buffer) => {
    keep(client);
    lead(request, client, head, new URL(request.url ?? '/', target), pace, keep);
  });
  scope.onClose(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return await listening(server);
}

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Asks the target for the same WebSocket, and joins both ends. */
function lead(
  { headers }: IncomingMessage,
  client: Socket,
  head: Buffer,
  url: URL,
  pace: Pace,
  keep: (socket: Socket) => void,
): void {
  const ask = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const asked = ask(url, { headers: { ...headers, host: url.host } });
  const giveUp = (): void => void client.destroy();
  asked.on('error', giveUp);
  client.on('error', () => asked.destroy());
  asked.on('response', giveUp);
  asked.on('upgrade', (answer, server, serverHead) => {
    keep(server);
    client.write(responseHead(answer));
    if (head.length > 0) server.write(head);
    // Whichever ends first takes the other with it.
    client.on('close', () => server.destroy());
    server.on('error', giveUp).on('close', giveUp);
    client.pipe(server);
    server.unshift(serverHead);
    passSlowly(server, client, pace).then(giveUp, giveUp);
  });
  asked.end();
}

function responseHead({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const fields = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : [],
  );
  return [`HTTP/1.1 ${statusCode} ${statusMessage}`, ...fields, '', ''].join('\r\n');
}

/** Reads from `source` only what it has passed on. */
async function passSlowly(source: Socket, sink: Socket, pace: Pace): Promise<void> {
  for await (const chunk of source as AsyncIterable<Buffer>) {
    for (let rest = chunk; rest.length > 0;) {
      const { bytesPerSecond } = pace;
      const portion = bytesPerSecond === 0 ? rest.length : Math.max(1, bytesPerSecond / portionsPerSecond);
      const part = rest.subarray(0, portion);
      rest = rest.subarray(part.length);
      if (!sink.write(part)) await once(sink, 'drain');
      if (bytesPerSecond > 0) await pause(1_000 / portionsPerSecond);
    }
  }
}
