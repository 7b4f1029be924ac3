import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../client.ts';
import { testkitError } from '../errors.ts';
import { eventually } from '../eventually.ts';
import { wholeHistory } from '../members.ts';
import { withScope, type Scope } from '../scope.ts';
import { ChaosClient } from './chaos-client.ts';
import type { ChaosCluster } from './chaos-cluster.ts';
import { countHistory, tally, type ChaosReport } from './chaos-report.ts';
import { makeRoute } from './chaos-routes.ts';
import { planFaults, type FaultKind } from './fault-plan.ts';
import type { FaultContext } from './fault-targets.ts';
import { faults } from './faults.ts';
import { checkHistory } from './history-checker.ts';
import type { RecordedHistory, RoomEntry } from './recorded-history.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { SeededRandom } from './seeded-random.ts';
import { shortestHistory } from './shortest-history.ts';
import { timeline } from './timeline.ts';
import { planRooms, startWorkload, type RoomPlan } from './workload.ts';

export interface ChaosOptions {
  /** Decides every choice; what real processes and networks make of it differs from run to run. */
  readonly seed: number;
  /** How long faults are injected. */
  readonly durationMs: number;
  /** Default 30. */
  readonly clients?: number;
  /** All clients together. Default 60. */
  readonly messagesPerSecond?: number;
  /** Default: all kinds. */
  readonly faultKinds?: readonly FaultKind[];
  /** Where given, who comes back within it has to be recovered. */
  readonly recoveryWindowMs?: number | undefined;
  /** How long it may take, once everything is sound again, until all is settled, and again until all is heard. Default 20,000. */
  readonly settleMs?: number;
  /** Called about every second while faults are injected. */
  readonly onProgress?: (progress: ChaosProgress) => void;
}

export interface ChaosProgress {
  readonly seed: number;
  readonly elapsedMs: number;
  readonly published: number;
  readonly receipts: number;
  readonly injected: number;
}

const defaultSettleMs = 20_000;
/** Every third client goes to its nodes directly, the others over a link of their own. */
const directEvery = 3;
const progressEveryMs = 1_000;

/**
 * Lets clients talk over a cluster while faults drawn from the seed befall it and them, makes everything sound again,
 * waits until all has been heard, and holds what was recorded against the promises. The cluster is sound afterwards and
 * may serve for another run.
 */
export async function runChaos(cluster: ChaosCluster, options: ChaosOptions): Promise<ChaosReport> {
  return await withScope(async (scope) => {
    const random = new SeededRandom(options.seed);
    const recorder = createRecorder();
    const prefix = `s${options.seed}${randomBytes(2).toString('hex')}`;
    const rooms = planRooms(prefix, options.clients ?? 30, random.fork());
    const clients = await openClients(scope, cluster, recorder, prefix, options, random.fork());
    for (const { room, members } of rooms) members.forEach((index) => clients[index]?.join(room));
    const settled = (): Promise<readonly string[]> =>
      untilSettled(clients, options.settleMs ?? defaultSettleMs);
    const unsettled = [...(await settled())];

    const workload = startWorkload(clients, random.fork(), {
      rooms,
      messagesPerSecond: options.messagesPerSecond ?? 60,
      prefix: 'm',
    });
    const context = { cluster, clients, rooms, recorder };
    const injected = await injectFaults(context, random.fork(), options);
    workload.stop();
    await cluster.heal();
    recorder.record({ kind: 'fault', text: 'everything is sound again' });
    unsettled.push(...(await settled()));
    workload.publishLast();
    unsettled.push(...(await settled()));

    // A node that has just come back may not take clients yet.
    const ends = await eventually(() => readRooms(scope, cluster, rooms), {
      timeoutMs: options.settleMs ?? defaultSettleMs,
      describe: () => 'the rooms can be read',
    });
    const history = { events: recorder.events, rooms: ends };
    await untilHeard(history, clients, rooms, options.settleMs ?? defaultSettleMs);
    return report(options, history, injected, [...new Set(unsettled)]);
  });
}

async function openClients(
  scope: Scope,
  cluster: ChaosCluster,
  recorder: Recorder,
  prefix: string,
  options: ChaosOptions,
  random: SeededRandom,
): Promise<ChaosClient[]> {
  const clients: ChaosClient[] = [];
  for (let index = 0; index < (options.clients ?? 30); index++) {
    const name = `client-${index + 1}`;
    const token = await cluster.issuer.token(`${prefix}-${name}`);
    const route = await makeRoute(scope, cluster, random.fork(), index % directEvery === 0);
    const client = new ChaosClient({ name, token, recorder, route });
    scope.onClose(() => client.close());
    clients.push(client);
  }
  return clients;
}

/** Resolves to what is not settled in time. */
async function untilSettled(clients: readonly ChaosClient[], timeoutMs: number): Promise<readonly string[]> {
  return await inTime(
    () => clients.every((client) => client.settled),
    timeoutMs,
    () => clients.filter((client) => !client.settled).map((client) => client.unsettled),
  );
}

async function injectFaults(
  context: Omit<FaultContext, 'pause'>,
  random: SeededRandom,
  options: ChaosOptions,
): Promise<Partial<Record<FaultKind, number>>> {
  const { recorder } = context;
  const over = new AbortController();
  // One for each pause of each fault.
  setMaxListeners(0, over.signal);
  const pause = async (ms: number): Promise<void> => {
    // What ends the run ends the pauses of its faults.
    await sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
  };
  const began = performance.now();
  const injected: Partial<Record<FaultKind, number>> = {};
  const progress = setInterval(() => {
    const published = recorder.events.filter((event) => event.kind === 'publish-acknowledged').length;
    options.onProgress?.({
      seed: options.seed,
      elapsedMs: performance.now() - began,
      published,
      receipts: recorder.events.filter((event) => event.kind === 'heard').length,
      injected: Object.values(injected).reduce((sum, n) => sum + n, 0),
    });
  }, progressEveryMs);
  try {
    const underWay = planFaults(random, options.durationMs, options.faultKinds).map(async (fault) => {
      await pause(fault.atMs);
      if (await faults[fault.kind]({ ...context, pause }, fault.random)) tally(injected, fault.kind);
    });
    await Promise.race([sleep(options.durationMs), Promise.all([...underWay, new Promise(() => undefined)])]);
    over.abort();
    await Promise.all(underWay);
  } finally {
    clearInterval(progress);
    over.abort();
  }
  return injected;
}

async function readRooms(
  scope: Scope,
  cluster: ChaosCluster,
  rooms: readonly RoomPlan[],
): Promise<Map<string, readonly RoomEntry[]>> {
  const url = cluster.slots[0]?.process?.url ?? '';
  const reader = await connect(scope, { url, issuer: cluster.issuer });
  const read = new Map<string, readonly RoomEntry[]>();
  for (const { room } of rooms) {
    await reader.join(room);
    const entries = await wholeHistory(reader, room);
    read.set(
      room,
      entries.map(({ id, clientId }) => ({ id, clientId })),
    );
  }
  reader.close();
  return read;
}

/** Waits until every member has heard the last message of each of its rooms; what is missing then is for the checker. */
async function untilHeard(
  history: RecordedHistory,
  clients: readonly ChaosClient[],
  rooms: readonly RoomPlan[],
  timeoutMs: number,
): Promise<void> {
  const awaited = new Set(
    rooms.flatMap(({ room, members }) => {
      const last = history.rooms.get(room)?.at(-1)?.id;
      return members.map((index) => `${clients[index]?.name} ${room} ${last}`);
    }),
  );
  let seen = 0;
  const heardAll = (): boolean => {
    for (const event of history.events.slice(seen)) {
      if (event.kind === 'heard') awaited.delete(`${event.client} ${event.room} ${event.id}`);
      seen += 1;
    }
    return awaited.size === 0;
  };
  await inTime(heardAll, timeoutMs, () => []);
}

async function inTime(
  condition: () => boolean,
  timeoutMs: number,
  otherwise: () => readonly string[],
): Promise<readonly string[]> {
  try {
    await eventually(condition, { timeoutMs });
    return [];
  } catch (error) {
    if (!testkitError.is(error, 'not_in_time')) throw error;
    return otherwise();
  }
}

function report(
  { seed, recoveryWindowMs }: ChaosOptions,
  recorded: RecordedHistory,
  injected: ChaosReport['injected'],
  unsettled: readonly string[],
): ChaosReport {
  // Clients still live, and must not add to what is being judged.
  const history = { ...recorded, events: [...recorded.events] };
  const violations = checkHistory(history, { recoveryWindowMs });
  const [first] = violations;
  const shortest =
    first === undefined ? undefined : timeline(shortestHistory(history, first, { recoveryWindowMs }));
  const counts = countHistory(history, violations);
  return { seed, injected, counts, violations, unsettled, shortest, history };
}
