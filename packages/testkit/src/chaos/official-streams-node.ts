import { readyOrEnded, spawnChild } from '../child.ts';
import { freePort } from '../port.ts';
import { repositoryPath } from '../repository.ts';
import type { StartNode } from './chaos-cluster.ts';

const script = 'packages/testkit/src/chaos/official-streams-server.mjs';

/**
 * Starts a node of plain Socket.IO with the official @socket.io/redis-streams-adapter, which promises less: proof that the
 * checker sees something.
 */
export const startOfficialStreamsNode: StartNode = async (scope, { nodeId, redisUrl }) => {
  const port = await freePort(scope);
  const child = await spawnChild(scope, {
    name: nodeId,
    command: process.execPath,
    args: [repositoryPath(script)],
    env: { PORT: String(port), NODE_ID: nodeId, REDIS_URL: redisUrl },
  });
  await readyOrEnded(child, nodeId, (signal) =>
    child.output.until((lines) => lines.some(({ text }) => text === 'ready'), {
      signal,
      timeoutMs: 50_000,
    }),
  );
  return {
    nodeId,
    url: `http://127.0.0.1:${port}`,
    signal: (signal) => child.signal(signal),
    async kill() {
      child.signal('SIGKILL');
      await child.exited;
    },
    output: () => child.output.entries.map(({ text }) => `${text}\n`).join(''),
  };
};
