import { freePorts, readyOrEnded, repositoryPath, spawnChild, type Child, type Scope } from '@sluice/testkit';
import type { BenchOptions, PeerName } from '../../options.mjs';
import { startCentrifugo } from './centrifugo-nodes.ts';

/** A process under test. */
export interface Node {
  readonly port: number;
  readonly child: Child;
}

export interface NodesOptions {
  readonly peer: PeerName;
  readonly count: number;
  readonly redisUrl: string;
}

const entry = 'loadtests/peers/dist/under-test/main.js';
const readyMs = 60_000;
/** For an inspector that is opened by a signal, if at all: any free port, so that many processes can have one. */
export const inspectable = '--inspect-port=127.0.0.1:0';

/** Starts the nodes of one peer; resolves when all of them serve. */
export async function startNodes(
  scope: Scope,
  options: NodesOptions,
  { nodeFlags, centrifugo: program }: Pick<BenchOptions, 'nodeFlags' | 'centrifugo'>,
): Promise<Node[]> {
  // What the command line takes has one where it takes the other.
  if (options.peer === 'centrifugo')
    return await startCentrifugo(scope, { ...options, program: program ?? '' });
  const ports = await freePorts(scope, options.count);
  return await Promise.all(
    ports.map(async (port, index) => {
      const name = `${options.peer} node ${index + 1}`;
      const child = await spawnChild(scope, {
        name,
        command: process.execPath,
        args: [inspectable, ...nodeFlags, repositoryPath(entry)],
        env: {
          NODE_ENV: 'production',
          PEER: options.peer,
          PORT: String(port),
          REDIS_URL: options.redisUrl,
          NODE_ID: `node-${index + 1}`,
        },
      });
      await readyOrEnded(child, name, (signal) =>
        child.output.until((lines) => lines.find(({ text }) => text === 'ready'), {
          timeoutMs: readyMs,
          describe: () => `${name} is ready; ${child.tail()}`,
          signal,
        }),
      );
      return { port, child };
    }),
  );
}
