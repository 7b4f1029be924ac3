import { afterEach, describe, expect, test } from '@jest/globals';
import type { Message } from '@sluice/protocol';
import {
  connect,
  eventually,
  metricTotal,
  openScope,
  startCluster,
  uniqueName,
  type Client,
  type Cluster,
  type Gateway,
} from '@sluice/testkit';
import { setTimeout as pause } from 'node:timers/promises';
import { startFlood, type Flood } from './lanes-flood.ts';
import { figureOf, megabyte, report, residentBytes, returning, startBalancer } from './lanes-support.ts';

const scope = openScope(afterEach);

/** The figure is 60,000: `LANES_STALL_MS=60000`. */
const stallMs = figureOf('LANES_STALL_MS', 8_000);
const warmUpMs = Math.max(8_000, stallMs / 3);
const bytesPerSecond = figureOf('LANES_STALL_RATE', 5_000_000);

const limits = {
  RATE_LIMIT_PER_SECOND: '100000',
  RATE_LIMIT_BURST: '1000000',
  // What is said as fast as possible waits for its turn.
  REQUEST_DEADLINE_MS: '60000',
};
// A reader that sleeps cannot answer a heartbeat either.
const patience = { PING_TIMEOUT_MS: '300000' };

interface Reader {
  readonly client: Client;
  /** Of each message, in the order in which it was heard. */
  readonly ids: string[];
  stopReading(): void;
  readOn(): void;
}

/** A stock client that remembers ids alone, so that its own memory is not the test's. */
async function startReader(target: Gateway, room: string): Promise<Reader> {
  const client = await connect(scope, target, { socket: returning });
  await client.join(room);
  const ids: string[] = [];
  client.socket.offAny();
  client.socket.onAny((event: string, payload: unknown) => {
    if (event === 'message:new') ids.push((payload as Message).id);
    else client.journal.add({ kind: 'event', event, payload });
  });
  const { ws } = client.socket.io.engine.transport as unknown as {
    ws: { pause(): void; resume(): void };
  };
  return { client, ids, stopReading: () => ws.pause(), readOn: () => ws.resume() };
}

async function startStage(env: Readonly<Record<string, string>>): Promise<{
  cluster: Cluster;
  node: Gateway;
  room: string;
  reader: Reader;
  flood: Flood;
}> {
  const cluster = await startCluster(scope, {
    nodes: 2,
    driver: 'lanes',
    env: { ...limits, ...patience, ...env },
  });
  const node = cluster.gateway(0);
  const room = uniqueName('room');
  const reader = await startReader(node, room);
  const flood = await startFlood(scope, cluster.gateway(1), { room, bytesPerSecond });
  return { cluster, node, room, reader, flood };
}

// As long as a busy machine takes to say tens of megabytes, or to say them again.
const floodMs = 90_000;

/** Watches a process until told to stop; resolves to the most that it has held. */
function watchMemory(pid: number): { peak(): number; stop(): void } {
  let peak = residentBytes(pid);
  const timer = setInterval(() => {
    peak = Math.max(peak, residentBytes(pid));
  }, 50);
  scope.onClose(() => clearInterval(timer));
  return { peak: () => peak, stop: () => clearInterval(timer) };
}

test(
  'a client that stops reading costs its node next to nothing, and has everything in order when it reads again',
  async () => {
    const { node, reader, flood } = await startStage({ HISTORY_MAX_MESSAGES: '1000000' });
    const untilSaid = async (bytes: number): Promise<void> => {
      const from = flood.said;
      await eventually(() => (flood.said - from) * flood.lineBytes > bytes, { timeoutMs: floodMs });
    };
    // As much as is said in the stall: a process that has done less has taken less.
    await pause(warmUpMs / 2);
    const warm = watchMemory(node.pid);
    await pause(warmUpMs / 2);
    await untilSaid(48 * megabyte);
    warm.stop();
    const beforeBytes = warm.peak();
    const saidBefore = flood.said;
    const heardBefore = reader.ids.length;
    const memory = watchMemory(node.pid);
    const stalled = performance.now();
    reader.stopReading();
    await pause(stallMs);
    // Far more than the kernel keeps on both sides: on a slow machine that takes longer.
    await untilSaid(48 * megabyte - (flood.said - saidBefore) * flood.lineBytes);
    const stalledMs = performance.now() - stalled;
    const stalledPeakBytes = memory.peak();
    const saidMeanwhile = flood.said - saidBefore;
    const heardMeanwhile = reader.ids.length - heardBefore;
    const began = performance.now();
    reader.readOn();
    // It catches up while more is said, and goes on without a seam.
    await pause(Math.min(2_000, stallMs / 4));
    const order = await flood.stop();
    await eventually(() => reader.ids.length >= order.length, {
      timeoutMs: stallMs * 2 + floodMs,
      describe: () => `the reader has ${order.length} messages; it has ${reader.ids.length}`,
    });
    const caughtUpMs = performance.now() - began;
    memory.stop();
    const metrics = await node.metrics();
    const grewBytes = memory.peak() - beforeBytes;
    report('slow reader', {
      stalledMs,
      saidMegabytesPerSecond: (saidMeanwhile * flood.lineBytes) / 1e6 / (stalledMs / 1_000),
      saidMeanwhile,
      heardMeanwhile,
      caughtUpMs,
      beforeMiB: beforeBytes / megabyte,
      stalledGrowthMiB: (stalledPeakBytes - beforeBytes) / megabyte,
      growthMiB: grewBytes / megabyte,
      spills: metricTotal(metrics, 'sluice_spills_total'),
      replayed: metricTotal(metrics, 'sluice_replay_events_sum'),
    });
    expect(reader.ids).toEqual(order);
    expect(metricTotal(metrics, 'sluice_spills_total')).toBeGreaterThan(0);
    expect(metricTotal(metrics, 'sluice_slow_consumers_total')).toBe(0);
    expect(reader.client.socket.connected).toBe(true);
    expect(reader.client.heard('session:ready')).toHaveLength(1);
    expect(grewBytes).toBeLessThanOrEqual(32 * megabyte);
  },
  stallMs * 4 + warmUpMs + 300_000,
);

describe('a client that sleeps for longer than its room is kept', () => {
  const forgetful = { HISTORY_MAX_MESSAGES: '300' };

  async function oversleep(env: Readonly<Record<string, string>>) {
    const stage = await startStage({ ...forgetful, ...env });
    const { reader, flood } = stage;
    await eventually(() => reader.ids.length > 100);
    reader.stopReading();
    const from = flood.said;
    // 30 MB, of which the kernel may hold ten, and the log four.
    await eventually(() => flood.said - from > 2_500, { timeoutMs: floodMs });
    return stage;
  }

  test('has what was there before, and begins anew', async () => {
    const { reader, flood, room } = await oversleep({});
    reader.readOn();
    expect(await reader.client.untilReady(2, { timeoutMs: floodMs })).toMatchObject({
      recovered: false,
      reason: 'unknown',
    });
    const heard = reader.ids.length;
    await reader.client.join(room);
    await eventually(() => reader.ids.length > heard);
    const order = await flood.stop();
    await eventually(() => reader.ids.at(-1) === order.at(-1), { timeoutMs: floodMs });
    // Two parts, each without a hole: what came before the gap, and what came after the join.
    expect(reader.ids.slice(0, heard)).toEqual(order.slice(0, heard));
    expect(reader.ids.slice(heard)).toEqual(order.slice(heard - reader.ids.length));
    expect(reader.ids.length).toBeLessThan(order.length);
  });

  test('is told of the gap before it hears anything else, where it is to be told', async () => {
    const { reader, flood, room } = await oversleep({ ON_GAP: 'signal' });
    const gaps: Array<{ rooms: string[]; from: string; to: string }> = [];
    const parts: string[][] = [];
    let known = 0;
    reader.client.socket.onAny((event: string, payload: unknown) => {
      if (event !== 'sluice:gap') return;
      gaps.push(payload as (typeof gaps)[number]);
      parts.push(reader.ids.slice(known));
      known = reader.ids.length;
    });
    reader.readOn();
    await eventually(() => gaps.length > 0, { timeoutMs: floodMs });
    const order = await flood.stop();
    await eventually(() => reader.ids.at(-1) === order.at(-1), { timeoutMs: floodMs });
    parts.push(reader.ids.slice(known));
    const holes = gaps.map((gap, index) => ({
      rooms: gap.rooms,
      from: parts[index]?.at(-1),
      to: parts[index + 1]?.[0],
    }));
    expect(gaps).toEqual(holes);
    expect(gaps.map(({ rooms }) => rooms)).toEqual(gaps.map(() => [`room:${room}`]));
    for (const part of parts) {
      const start = order.indexOf(part[0] as string);
      expect(part).toEqual(order.slice(start, start + part.length));
    }
    expect(reader.client.heard('session:ready')).toHaveLength(1);
    expect(reader.ids.length).toBeLessThan(order.length);
  });
});

test('a client whose line stands still until its heartbeat is missed comes back to all it missed', async () => {
  // A line that stands still is told from a busy machine.
  const heartbeat = { PING_INTERVAL_MS: '1000', PING_TIMEOUT_MS: '5000' };
  const cluster = await startCluster(scope, { nodes: 1, driver: 'lanes', env: limits });
  const frail = await cluster.add('frail', heartbeat);
  const room = uniqueName('room');
  const balancer = await startBalancer(scope, frail);
  const reader = await startReader({ ...frail, ...balancer }, room);
  const flood = await startFlood(scope, cluster.gateway(0), { room, bytesPerSecond });
  await eventually(() => reader.ids.length > 100);
  balancer.proxy.stall();
  const from = flood.said;
  await reader.client.untilDisconnected(20_000);
  await eventually(() => flood.said - from > 1_500, { timeoutMs: floodMs });
  let heardWhenReady = 0;
  reader.client.socket.on('session:ready', () => {
    heardWhenReady = reader.ids.length;
  });
  balancer.route([cluster.gateway(0)]);
  balancer.proxy.cut();
  const missed = flood.said - reader.ids.length;
  await balancer.proxy.heal();
  expect(await reader.client.untilReady(2, { timeoutMs: floodMs })).toMatchObject({ recovered: true });
  const order = await flood.stop();
  await eventually(() => reader.ids.at(-1) === order.at(-1), { timeoutMs: floodMs });
  expect(reader.ids).toEqual(order);
  // The wire contract: what was missed while away comes before `session:ready`.
  expect(heardWhenReady).toBeGreaterThanOrEqual(missed);
});
