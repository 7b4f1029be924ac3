import type { Socket } from 'socket.io-client';

/**
 * True once it is connected. A gateway turns a client away where Redis is late, and counts on it to try again; clients of
 * tests do not do that by themselves.
 */
export function isThere(socket: Socket): boolean {
  const { _readyState: state } = socket.io as unknown as { _readyState: string };
  if (!socket.connected && state === 'closed') socket.connect();
  return socket.connected;
}
