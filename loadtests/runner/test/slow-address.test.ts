import { createHash } from 'node:crypto';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import { createSlowAddress } from '../src/cluster/slow-address.ts';

const scope = openScope(afterEach);

/** A server that takes every upgrade, and whose end of the connection the test has. */
async function startServer() {
  const server = createServer();
  const upgraded: {
    readonly socket: Socket;
    readonly host: string | undefined;
    readonly path: string | undefined;
  }[] = [];
  server.on('upgrade', (request, socket) => {
    const accept = createHash('sha1')
      .update(`${String(request.headers['sec-websocket-key'])}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on('error', () => undefined);
    upgraded.push({ socket: socket as Socket, host: request.headers.host, path: request.url });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  scope.onClose(() => {
    for (const { socket } of upgraded) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, upgraded };
}

async function upgrade(address: string, path: string): Promise<{ socket: Socket; head: Buffer }> {
  const asked = httpRequest(`${address}${path}`, {
    headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
  });
  asked.end();
  return await new Promise((resolve, reject) => {
    asked.on('upgrade', (_response, socket, head) => {
      scope.onClose(() => socket.destroy());
      resolve({ socket, head });
    });
    asked.on('response', ({ statusCode }) => reject(new Error(`status ${statusCode}`)));
    asked.on('error', reject);
  });
}

test('leads to the target as whom it is asked for there, both ways, and opens once', async () => {
  const { port, upgraded } = await startServer();
  const slow = createSlowAddress(scope, `http://127.0.0.1:${port}`);
  const { address } = await slow({ bytesPerSecond: 0 });
  expect(await slow({ bytesPerSecond: 0 })).toEqual({ address });
  const { socket } = await upgrade(address as string, '/socket.io/?EIO=4');
  const heard: string[] = [];
  socket.setEncoding('utf8').on('data', (text: string) => heard.push(text));
  const [other] = upgraded;
  expect(other).toMatchObject({ host: `127.0.0.1:${port}`, path: '/socket.io/?EIO=4' });
  other?.socket.on('data', (bytes: Buffer) => other.socket.write(`you said ${bytes.toString()}`));
  socket.write('hello');
  await eventually(() => heard.join('') === 'you said hello', { describe: () => `heard ${heard.join('')}` });
});

test('carries no more than it is told, until it is told to carry what it can', async () => {
  const { port, upgraded } = await startServer();
  const slow = createSlowAddress(scope, `http://127.0.0.1:${port}`);
  // A byte at a time, ten times a second: a minute and a half for all of it.
  const { address } = await slow({ bytesPerSecond: 1 });
  const { socket } = await upgrade(address as string, '/');
  let received = 0;
  socket.on('data', (bytes: Buffer) => {
    received += bytes.length;
  });
  const all = 1_000;
  upgraded[0]?.socket.write(Buffer.alloc(all));
  await eventually(() => received >= 3, { describe: () => `${received} bytes came` });
  expect(received).toBeLessThan(all);
  await slow({ bytesPerSecond: 0 });
  await eventually(() => received === all, { describe: () => `${received} bytes came` });
});

test('ends one end where the other ends', async () => {
  const { port, upgraded } = await startServer();
  const { address } = await createSlowAddress(scope, `http://127.0.0.1:${port}`)({ bytesPerSecond: 0 });
  const first = await upgrade(address as string, '/');
  first.socket.destroy();
  // HTTP's sockets stay half open until their server ends them too.
  upgraded[0]?.socket.resume();
  await eventually(() => upgraded[0]?.socket.readableEnded === true);
  const second = await upgrade(address as string, '/');
  expect(second.socket.destroyed).toBe(false);
  second.socket.resume();
  upgraded[1]?.socket.destroy();
  await eventually(() => second.socket.destroyed);
});

test('closes the connection where nobody is behind it, and answers what is no WebSocket', async () => {
  const { address } = await createSlowAddress(scope, 'http://127.0.0.1:9')({ bytesPerSecond: 0 });
  await expect(upgrade(address as string, '/')).rejects.toThrow(/hang up|reset/);
  expect((await fetch(address as string)).status).toBe(426);
});
