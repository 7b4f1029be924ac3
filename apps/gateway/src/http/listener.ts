import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Lifecycle } from '@sluice/kernel';

/** An HTTP server as a part with a life: listens at `start`, closes at `stop`, by force once the deadline is near. */
export function createListener(
  name: string,
  server: Server,
  address: { host: string; port: number },
  close: () => Promise<void> = () => closeServer(server),
): Lifecycle {
  return {
    name,
    async start(signal) {
      if (server.listening) return;
      server.listen(address.port, address.host);
      await once(server, 'listening', { signal });
    },
    async stop(deadlineMs) {
      const force = setTimeout(() => server.closeAllConnections(), deadlineMs / 2);
      try {
        await close();
      } finally {
        clearTimeout(force);
      }
    },
  };
}

function closeServer(server: Server): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
  });
}
