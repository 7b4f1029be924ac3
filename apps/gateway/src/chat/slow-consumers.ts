import type { Lifecycle } from '@sluice/kernel';
import type { Logger } from 'pino';
import type { ChatServer, ChatSocket } from './chat-server.ts';
import { createPeriodic } from '../periodic.ts';

export interface SlowConsumerDependencies {
  readonly io: ChatServer;
  readonly logger: Logger;
  readonly onClosed: () => void;
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
export function createSlowConsumerGuard(deps: SlowConsumerDependencies, maxQueuedBytes: number): Lifecycle {
  const look = (): void => {
    for (const socket of deps.io.sockets.sockets.values()) {
      if (exceeds(socket.conn as unknown as Queues, maxQueuedBytes)) close(socket);
    }
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
  return createPeriodic('slow-consumer-guard', everyMs, look);
}

function exceeds({ writeBuffer = [], transport }: Queues, maxBytes: number): boolean {
  let bytes = transport.socket?.bufferedAmount ?? 0;
  for (const { data } of writeBuffer) {
    if (bytes > maxBytes) break;
    bytes += data?.length ?? 0;
  }
  return bytes > maxBytes;
}
