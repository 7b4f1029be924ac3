import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openScope, startCluster, startFront, type Cluster } from '@sluice/testkit';
import { archiveScenario, describeWithK6, runK6, type K6Run } from './k6.ts';

const scope = openScope(afterAll);

describeWithK6('against our cluster', () => {
  let cluster: Cluster;
  let env: Record<string, string>;

  beforeAll(async () => {
    cluster = await startCluster(scope, { nodes: 2 });
    const front = await startFront(scope, cluster.gateways);
    // How fast this machine is, is not what these tests are about.
    env = { TARGET: front.url, JWT_SECRET: cluster.issuer.secret, P95_MS: '60000' };
  });

  test('smoke passes, with members who lose their connection in the middle', async () => {
    const run = await runK6('scenarios/smoke.ts', { ...env, MEMBERS: '8', ROOMS: '2', SECONDS: '5' });
    expect({ crossed: run.crossed, output: run.output }).toEqual({ crossed: [], output: run.output });
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
    expect({ crossed: run.crossed, output: run.output }).toEqual({ crossed: [], output: run.output });
  });

  test('sessions that begin anew join again, and what they miss is counted as that and not as lost', async () => {
    // Recovers nobody.
    const other = await cluster.add('gateway-3', { DRIVER: 'sharded-pubsub', REDIS_PREFIX: 'other' });
    const size = { MEMBERS: '4', ROOMS: '1', SECONDS: '4', GATHER_SECONDS: '2' };
    const run = await runK6('scenarios/smoke.ts', { ...env, ...size, TARGET: other.url });
    // It promises no order either.
    expect(run.crossed).toEqual(expect.arrayContaining(['sluice_fresh', 'sluice_recovered']));
    const lost = run.metrics['sluice_lost']?.['count'];
    expect({ lost, output: run.output }).toEqual({ lost: 0, output: run.output });
  });

  test('a storm of members who are spread over two k6 passes in both, and they hear each other', async () => {
    const size = {
      MEMBERS: 12,
      MEMBERS_PER_VU: 3,
      ROOMS: 2,
      SECONDS: 6,
      GATHER_SECONDS: 4,
      P95_MS: 60_000,
      CUT: 0.5,
    };
    const archive = await archiveScenario(scope, 'storm', size, 2);
    const run = (segment: string): Promise<K6Run> =>
      runK6(archive, { ...env, RUN: 'two' }, [
        `--execution-segment=${segment}`,
        '--execution-segment-sequence=0,1/2,1',
      ]);
    const runs = await Promise.all([run('0:1/2'), run('1/2:1')]);
    expect(runs.map(({ crossed, output }) => ({ crossed, output }))).toEqual(
      runs.map(({ output }) => ({ crossed: [], output })),
    );
    const sum = (metric: string): number =>
      runs.reduce((total, { metrics }) => total + (metrics[metric]?.['count'] ?? 0), 0);
    expect(sum('sluice_finished')).toBe(12);
    // Each of what anybody says is heard by all six in the room, but for those who finish before others do.
    expect(sum('sluice_heard')).toBeGreaterThan(sum('sluice_sent') * 4);
  });

  test('several k6 that have not been told one name for their rooms do not begin', async () => {
    const archive = await archiveScenario(scope, 'smoke', { MEMBERS: 4, MEMBERS_PER_VU: 2 }, 2);
    const { code, metrics, output } = await runK6(archive, env);
    // Of k6: the script threw.
    expect({ code, output }).toEqual({
      code: 107,
      output: expect.stringContaining('give all of them one RUN'),
    });
    expect(metrics['sluice_finished']?.['count']).toBe(0);
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
