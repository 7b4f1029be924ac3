import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  faultKinds,
  gatewayStarter,
  isSound,
  openScope,
  planFaults,
  runChaos,
  SeededRandom,
  startChaosCluster,
  type ChaosCluster,
  type ChaosReport,
} from '@sluice/testkit';

const durationMs = 6_000;
/** The gateways' own default, less what a return itself may take. */
const recoveryWindowMs = 100_000;
const groups = [
  Array.from({ length: 10 }, (_, index) => 1 + index),
  Array.from({ length: 10 }, (_, index) => 11 + index),
];

/** `sound`, or all that somebody has to know who wants to see it again. */
function verdictOf(report: ChaosReport): string {
  if (isSound(report)) return 'sound';
  const { seed, shortest, unsettled, counts } = report;
  return [`seed ${seed}`, shortest, ...unsettled, JSON.stringify(counts, undefined, 2)].join('\n');
}

describe('chaos drawn from a seed', () => {
  test('is drawn again from the same seed, and another from another', () => {
    const draw = (seed: number) =>
      planFaults(new SeededRandom(seed), 60_000).map(({ kind, atMs, random }) => [kind, atMs, random.next()]);
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  test('brings every kind of fault in the runs below', () => {
    const planned = groups.flat().flatMap((seed) => planFaults(new SeededRandom(seed), durationMs));
    expect(new Set(planned.map(({ kind }) => kind))).toEqual(new Set(faultKinds));
  });
});

describe.each(groups)(
  'over lanes, nothing is lost, repeated or reordered, and every gap is said: seeds %i to',
  (...seeds) => {
    const scope = openScope(afterAll);
    let cluster: ChaosCluster;
    beforeAll(async () => {
      cluster = await startChaosCluster(scope, { nodes: 3, start: gatewayStarter('lanes') });
    });

    test.each(seeds)(
      'seed %i',
      async (seed) => {
        const report = await runChaos(cluster, { seed, durationMs, recoveryWindowMs });
        expect(verdictOf(report)).toBe('sound');
        // Each message has three hearers or more, most have ten.
        expect(report.counts.receipts).toBeGreaterThan(3 * report.counts.published);
        expect(report.counts.reconnections).toBeGreaterThan(0);
      },
      180_000,
    );
  },
);
