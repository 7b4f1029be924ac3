import type { Socket } from 'node:net';

/**
 * Closes a socket with RST. One that has been told to end, and has not sent all before, is closed without: libuv refuses to
 * reset it then, and Node.js takes it for closed and keeps it open for good.
 */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}
