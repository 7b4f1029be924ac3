import { createDialect } from './dialect/create-dialect.ts';
import { LoadClient } from './load-client.ts';
import type { GeneratorPlan } from './plan.ts';

/** Enough to keep nodes busy, few enough not to measure their backlogs. */
const atOnce = 32;
const addresses = 8;

export interface ClientHooks {
  /** @param client index in the plan */
  readonly onDelivery: (client: number, number: number) => void;
  readonly onFailure: (error: Error) => void;
}

/** Connects every client of the plan; rejects with the first failure. */
export async function connectClients(plan: GeneratorPlan, hooks: ClientHooks): Promise<LoadClient[]> {
  const clients: LoadClient[] = [];
  await inParallel(plan.clients.length, async (index) => {
    const { node, identity, wantsTrace } = plan.clients[index] as GeneratorPlan['clients'][number];
    const client = new LoadClient({
      dialect: createDialect(plan.dialect, { wantsTrace: wantsTrace === true }),
      port: plan.ports[node] as number,
      localAddress: localAddressOf(index),
      identity,
      onDelivery: (number) => hooks.onDelivery(index, number),
      onFailure: hooks.onFailure,
    });
    clients[index] = client;
    await client.admitted();
  });
  return clients;
}

/** Lets every client join its rooms; returns how many joins that were. */
export async function joinRooms(plan: GeneratorPlan, clients: readonly LoadClient[]): Promise<number> {
  await inParallel(clients.length, async (index) => {
    for (const room of plan.clients[index]?.rooms ?? []) await clients[index]?.join(room);
  });
  return plan.clients.reduce((joins, { rooms }) => joins + rooms.length, 0);
}

export async function closeClients(clients: readonly LoadClient[]): Promise<void> {
  await inParallel(clients.length, async (index) => {
    await clients[index]?.close();
  });
}

/** The address that a client calls from. 127.0.0.1 is the servers' own. */
export function localAddressOf(client: number): string {
  return `127.0.0.${2 + (client % addresses)}`;
}

/** Runs `body` for each number below `count`, a few at once. */
export async function inParallel(count: number, body: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) await body(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, work));
}
