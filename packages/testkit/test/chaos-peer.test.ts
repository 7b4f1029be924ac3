import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  openScope,
  runChaos,
  startChaosCluster,
  startOfficialStreamsNode,
  type ChaosCluster,
  type ChaosReport,
  type Violation,
} from '@sluice/testkit';

const scope = openScope(afterAll);
const durationMs = 6_000;
const recoveryWindowMs = 100_000;
/** One way, as between regions that are near each other. */
const redisAwayMs = 10;

/** Whether somebody else heard the two messages the other way round. */
function isContradicted({ events }: ChaosReport['history'], { client, room, ids }: Violation): boolean {
  const [earlier, later] = ids;
  const heardFirst = new Map<string, string>();
  for (const event of events) {
    if (event.kind !== 'heard' || event.room !== room || event.client === client) continue;
    const isOneOfThem = event.id === earlier || event.id === later;
    if (isOneOfThem && !heardFirst.has(event.client)) heardFirst.set(event.client, event.id);
  }
  return [...heardFirst.values()].includes(earlier ?? '');
}

describe('the checker is not blind: over the official streams adapter, as its users set it up,', () => {
  let cluster: ChaosCluster;
  beforeAll(async () => {
    cluster = await startChaosCluster(scope, { nodes: 3, start: startOfficialStreamsNode });
  });

  test('it sees that clients of different nodes hear different orders, without any fault', async () => {
    // While a node asks for more, the answer to what it published may overtake what was there before. On the loopback that
    // takes luck; with Redis further away it happens to every thirtieth message or so.
    for (const { redisLink } of cluster.slots) redisLink.slow({ latencyMs: redisAwayMs });
    const { violations, history, shortest } = await runChaos(cluster, {
      seed: 1,
      durationMs,
      faultKinds: [],
      messagesPerSecond: 120,
    });
    const reordered = violations.filter(({ kind }) => kind === 'reordered');
    expect(reordered.some((violation) => isContradicted(history, violation))).toBe(true);
    expect(shortest).toContain('reordered');
  });

  test('it sees what is lost and repeated over quick reconnects that say they recovered', async () => {
    const { violations, counts } = await runChaos(cluster, {
      seed: 2,
      durationMs,
      faultKinds: ['quick reconnects'],
      messagesPerSecond: 120,
    });
    expect(counts.recovered).toBeGreaterThan(0);
    const inexact = violations.filter(({ kind }) => kind === 'unsaid-gap' || kind === 'duplicated');
    expect(inexact).not.toEqual([]);
  });

  test('it sees that nobody is recovered after a crash', async () => {
    const { counts } = await runChaos(cluster, {
      seed: 3,
      durationMs,
      faultKinds: ['gateway killed'],
      recoveryWindowMs,
    });
    expect(counts.fresh).toBeGreaterThan(0);
    expect(counts.recovered).toBe(0);
    expect(counts.violations['not-recovered']).toBe(counts.fresh);
  });
});
