import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from '../results/statistics.ts';
import { closeClients, connectClients, joinRooms } from './connect-clients.ts';
import { startPacer } from './pacer.ts';
import type { DeliveryPlan, DeliveryReport, GeneratorLine } from './plan.ts';
import { RoomTraffic } from './room-traffic.ts';
import { openUsageWindow } from './usage-window.ts';

/** What has not come after so long a silence will not come any more. */
const silenceMs = 20_000;
const pollMs = 20;
/** A node that has delivered nothing after so long is not going to. */
const firstDeliveryMs = 30_000;

/** Connects everybody, sends at the plan's pace, and measures once every node with clients has delivered for long enough. */
export async function deliver(
  plan: DeliveryPlan,
  say: (line: GeneratorLine) => void,
): Promise<DeliveryReport> {
  const traffic = new RoomTraffic(plan.clients);
  const silentNodes = new Set(plan.clients.map(({ node }) => node));
  const failures: Error[] = [];
  let latenciesMs: number[] | undefined;
  let lastHeardMs = performance.now();

  const onDelivery = (client: number, number: number): void => {
    const nowMs = performance.now();
    lastHeardMs = nowMs;
    const sentMs = traffic.hear(client, number);
    latenciesMs?.push(nowMs - sentMs);
    if (silentNodes.size > 0) silentNodes.delete(plan.clients[client]?.node ?? 0);
  };
  const onFailure = (error: Error): void => void failures.push(error);

  say({ kind: 'phase', phase: 'connecting' });
  const clients = await connectClients(plan, { onDelivery, onFailure });
  await joinRooms(plan, clients);

  say({ kind: 'phase', phase: 'warming' });
  const pacer = startPacer(plan.ratePerS, (count, nowMs) => {
    const sender = plan.senders[count % plan.senders.length] as number;
    const { room, number } = traffic.send(sender, nowMs);
    clients[sender]?.send(room, number);
  });
  const givenUpMs = performance.now() + firstDeliveryMs;
  while (silentNodes.size > 0 && performance.now() < givenUpMs) await pause(pollMs);
  await pause(plan.warmupMs);

  say({ kind: 'phase', phase: 'measuring' });
  const fromMs = performance.now();
  const { published, delivered } = traffic;
  const heard = traffic.heardByClient();
  latenciesMs = [];
  const closeWindow = openUsageWindow(plan.pids);
  await pause(plan.measureMs);
  const usage = closeWindow();
  const toMs = performance.now();
  const inWindow = latenciesMs;
  latenciesMs = undefined;
  const window = {
    windowMs: toMs - fromMs,
    published: traffic.published - published,
    delivered: traffic.delivered - delivered,
    deliveredByNode: sumByNode(plan, traffic.heardByClient(), heard),
  };

  pacer.stop();
  say({ kind: 'phase', phase: 'settling' });
  while (!traffic.complete && performance.now() - lastHeardMs < silenceMs) await pause(pollMs);
  // Time for a duplicate to show.
  await pause(10 * pollMs);
  await closeClients(clients);

  const latencies = Float64Array.from(inWindow).toSorted();
  return {
    ...window,
    latencyMs: {
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      max: percentile(latencies, 1),
    },
    latenessP99Ms: percentile(pacer.latenessMs(fromMs, toMs), 0.99),
    usage,
    verdict: traffic.verdict(),
    failures: failures.length,
    firstFailure: failures[0]?.message,
  };
}

/** What each node's clients have heard since they had heard `before`. */
function sumByNode(
  { clients, ports }: DeliveryPlan,
  heard: readonly number[],
  before: readonly number[],
): number[] {
  const sums = ports.map(() => 0);
  clients.forEach(({ node }, client) => {
    sums[node] = (sums[node] ?? 0) + (heard[client] ?? 0) - (before[client] ?? 0);
  });
  return sums;
}
