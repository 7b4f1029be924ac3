import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, readyOrEnded, spawnChild, type Scope } from '@sluice/testkit';
import type { Node } from './nodes.ts';
import { untilServes } from './until-serves.ts';

export interface CentrifugoOptions {
  /** Path of its program. */
  readonly program: string;
  readonly count: number;
  readonly redisUrl: string;
}

/** Opens the profiler's pages, of which one collects garbage ({@link createGarbageCollection}). It costs nothing unasked. */
const debug = { enabled: true };

/** Starts nodes of Centrifugo over one Redis, with all that it has for a client to miss nothing; resolves when they serve. */
export async function startCentrifugo(scope: Scope, options: CentrifugoOptions): Promise<Node[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-peers-'));
  scope.onClose(() => rmSync(folder, { recursive: true, force: true }));
  const ports = await freePorts(scope, options.count);
  return await Promise.all(
    ports.map(async (port, index) => {
      const name = `centrifugo node ${index + 1}`;
      const config = join(folder, `node-${index + 1}.json`);
      writeFileSync(config, JSON.stringify(configOf(port, options.redisUrl)));
      const child = await spawnChild(scope, { name, command: options.program, args: ['--config', config] });
      await readyOrEnded(child, name, (signal) => untilServes(port, '/health', signal));
      return { port, child };
    }),
  );
}

function configOf(port: number, redisUrl: string): object {
  return {
    http_server: { address: '127.0.0.1', port: String(port) },
    // It warns on stderr of what is meant here; what it says beyond that is a complaint.
    log: { level: 'error' },
    health: { enabled: true },
    debug,
    // Nobody is asked for a token, and everybody may subscribe and publish, as with the other nodes under test.
    client: { insecure: true },
    engine: { type: 'redis', redis: { address: redisUrl } },
    channel: {
      without_namespace: {
        history_size: 1_000,
        history_ttl: '300s',
        force_recovery: true,
        force_positioning: true,
      },
    },
  };
}
