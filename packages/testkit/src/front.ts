import { readyOrEnded, spawnChild, type Child } from './child.ts';
import { eventually } from './eventually.ts';
import type { Gateway } from './gateway.ts';
import { freePort } from './port.ts';
import { repositoryPath, requireProgram } from './repository.ts';
import type { Scope } from './scope.ts';

export interface Front {
  readonly url: string;
  readonly child: Child;
}

/** Starts HAProxy with this repository's configuration in front of `gateways`; resolves when it reaches one. */
export async function startFront(scope: Scope, gateways: readonly Gateway[]): Promise<Front> {
  const port = await freePort(scope);
  const url = `http://127.0.0.1:${port}`;
  const servers = gateways.map((gateway, index) => [`GATEWAY_${index + 1}`, new URL(gateway.url).host]);
  const child = await spawnChild(scope, {
    name: 'haproxy',
    command: requireProgram('haproxy'),
    args: ['-db', '-f', repositoryPath('infra/haproxy/haproxy.cfg')],
    env: { FRONT_BIND: `127.0.0.1:${port}`, ...Object.fromEntries(servers) },
  });
  await readyOrEnded(child, 'haproxy', (signal) =>
    eventually(async () => (await fetch(`${url}/livez`)).ok, {
      describe: () => `the front reaches a gateway; ${child.tail()}`,
      signal,
    }),
  );
  return { url, child };
}
