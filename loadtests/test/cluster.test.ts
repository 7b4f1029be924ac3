import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openScope, startCluster, startFront, type Cluster } from '@sluice/testkit';
import { describeWithK6, runK6, type K6Run } from './k6.ts';

const scope = openScope(afterAll);

/** What a run must be like in which nothing was broken. */
function expectSound({ code, crossed, output, metrics }: K6Run): void {
  expect({ code, crossed, output }).toEqual({ code: 0, crossed: [], output });
  for (const name of ['sluice_lost', 'sluice_duplicated', 'sluice_out_of_order', 'sluice_false_recovery']) {
    expect([name, metrics[name]?.['count']]).toEqual([name, 0]);
  }
}

describeWithK6('against our cluster', () => {
  let cluster: Cluster;
  let env: Record<string, string>;

  beforeAll(async () => {
    cluster = await startCluster(scope, { nodes: 2 });
    const front = await startFront(scope, cluster.gateways);
    env = { TARGET: front.url, JWT_SECRET: cluster.issuer.secret };
  });

  test('smoke passes, with members who lose their connection in the middle', async () => {
    const run = await runK6('scenarios/smoke.ts', { ...env, MEMBERS: '8', ROOMS: '2', SECONDS: '5' });
    expectSound(run);
    expect(run.metrics['sluice_recovered']?.['count']).toBe(2);
  });

  test('a storm passes: all who are cut off at once come back with what they missed', async () => {
    const size = {
      MEMBERS: '20',
      ROOMS: '3',
      SECONDS: '8',
      EVERY_MS: '250',
      GATHER_SECONDS: '3',
      STORMS: '2',
    };
    const run = await runK6('scenarios/storm.ts', { ...env, ...size });
    expectSound(run);
    expect(run.metrics['sluice_recovered']?.['count']).toBe(32);
    expect(run.metrics['sluice_replayed']?.['count']).toBeGreaterThan(32);
  });

  test('a member whose token is not good is unfinished, and the run fails', async () => {
    const size = { MEMBERS: '2', ROOMS: '1', SECONDS: '1', GATHER_SECONDS: '1', CUT: '0' };
    const run = await runK6('scenarios/smoke.ts', { ...env, ...size, JWT_SECRET: 'x'.repeat(40) });
    expect({ code: run.code, crossed: run.crossed }).toEqual({
      code: 99,
      crossed: ['sluice_finished', 'sluice_heard', 'sluice_refused', 'sluice_unfinished'],
    });
    expect(run.output).toContain('unauthorized');
  });
});
