import { startFaultProxy } from '../fault-proxy.ts';
import type { Endpoint } from '../proxied-connection.ts';
import type { Scope } from '../scope.ts';
import type { ChaosCluster, NodeProcess } from './chaos-cluster.ts';
import type { Route } from './chaos-client.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Makes a client's way to the cluster: each connection leads to a node of its own choice, often another one. */
export async function makeRoute(
  scope: Scope,
  cluster: ChaosCluster,
  random: SeededRandom,
  direct: boolean,
): Promise<Route> {
  let latest: NodeProcess | undefined;
  const choose = (): NodeProcess | undefined => {
    const running = cluster.slots.flatMap(({ process }) => (process === undefined ? [] : [process]));
    if (running.length > 0) latest = random.pick(running);
    return latest;
  };
  const latestNode = (): string => latest?.nodeId ?? 'nowhere';
  if (direct) return { nextUrl: () => choose()?.url ?? 'http://127.0.0.1:1', latestNode };
  const link = await startFaultProxy(scope, { target: () => endpointOf(choose()) });
  return { link, nextUrl: () => link.url, latestNode };
}

function endpointOf(node: NodeProcess | undefined): Endpoint {
  // Nobody listens on port 1: as a load balancer without servers would, it lets the connection fail.
  return { host: '127.0.0.1', port: node === undefined ? 1 : Number(new URL(node.url).port) };
}
