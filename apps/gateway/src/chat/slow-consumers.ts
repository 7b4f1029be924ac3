import type { Lifecycle } from '@sluice/kernel';
import type { Logger } from 'pino';
import type { ChatServer, ChatSocket } from './chat-server.ts';
import { createPeriodic } from '../periodic.ts';

export interface SlowConsumerDependencies {
  readonly io: ChatServer;
  readonly logger: Logger;
  readonly onClosed: () => void;
}

export interface SlowConsumerGuard extends Lifecycle {
  /** Bytes that waited at the last look: for all sockets together, and for the slowest. */
  readonly queued: () => { readonly bytes: number; readonly max: number };
}

// Between two looks a connection can grow by what one client may ask for in that time.
const everyMs = 500;

/** What Engine.IO 6 and ws 8 keep for a connection, of which their types tell nothing. */
interface Queues {
  readonly writeBuffer?: readonly { readonly data?: string | Buffer }[];
  readonly transport: {
    readonly socket?: { readonly bufferedAmount?: number; readonly terminate?: () => void };
  };
}

/** Closes connections that do not read what waits for them: one of them must not take the memory of all. */
export function createSlowConsumerGuard(
  deps: SlowConsumerDependencies,
  maxQueuedBytes: number,
): SlowConsumerGuard {
  let queued = { bytes: 0, max: 0 };
  const look = (): void => {
    let [bytes, max] = [0, 0];
    for (const socket of deps.io.sockets.sockets.values()) {
      const its = bytesOf(socket.conn as unknown as Queues);
      bytes += its;
      max = Math.max(max, its);
      if (its > maxQueuedBytes) close(socket);
    }
    queued = { bytes, max };
  };
  const close = (socket: ChatSocket): void => {
    deps.onClosed();
    deps.logger.warn(
      { user: socket.data.user, socketId: socket.id },
      'closing a connection that does not read',
    );
    // Before the close, which would wait for the reader: this frees what is queued.
    (socket.conn as unknown as Queues).transport.socket?.terminate?.();
    socket.conn.close(true);
  };
  return Object.assign(createPeriodic('slow-consumer-guard', everyMs, look), { queued: () => queued });
}

function bytesOf({ writeBuffer = [], transport }: Queues): number {
  let bytes = transport.socket?.bufferedAmount ?? 0;
  for (const { data } of writeBuffer) bytes += data?.length ?? 0;
  return bytes;
}
