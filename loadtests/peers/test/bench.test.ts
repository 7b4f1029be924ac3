import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope, repositoryPath, spawnChild, type Child } from '@sluice/testkit';
import { centrifugo, describeWithCentrifugo } from './centrifugo.ts';
import type { BenchResults } from '../src/results/results.ts';

const scope = openScope(afterEach);

const small = [
  '--quick --clients 16 --rate 100 --warmup-s 0.3 --measure-s 2',
  '--sockets-per-node 8 --connections 40 --idle-s 0.3',
].flatMap((options) => options.split(' '));

interface RunningBench {
  readonly child: Child;
  readonly out: string;
  readonly chart: string;
  readonly markdown: string;
  /** Of every process that it has started so far. */
  readonly started: Set<number>;
}

/** Runs the command as a person would, small, and notes what it starts. */
async function startBench(...args: string[]): Promise<RunningBench> {
  return await startBenchIn({}, ...args);
}

async function startBenchIn(env: Readonly<Record<string, string>>, ...args: string[]): Promise<RunningBench> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-peers-'));
  scope.onClose(() => rmSync(folder, { recursive: true, force: true }));
  const [out, chart, markdown] = ['out.json', 'chart.svg', 'table.md'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const child = await spawnChild(scope, {
    name: 'bench:peers',
    command: process.execPath,
    args: [
      repositoryPath('loadtests/peers/bench.mjs'),
      ...small,
      '--out',
      out,
      '--chart',
      chart,
      '--markdown',
      markdown,
      ...args,
    ],
    env,
    graceMs: 20_000,
  });
  const started = new Set<number>();
  const watch = setInterval(() => {
    for (const pid of childrenOf(child.pid)) started.add(pid);
  }, 20);
  scope.onClose(() => clearInterval(watch));
  return { child, out, chart, markdown, started };
}

function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return children.trim().split(' ').filter(Boolean).map(Number);
  } catch {
    // It has ended.
    return [];
  }
}

const leftOf = (started: ReadonlySet<number>): number[] =>
  [...started].filter((pid) => existsSync(`/proc/${pid}`));

async function resultsOf({ child, out }: RunningBench): Promise<BenchResults> {
  const exit = await child.exited;
  expect({ ...exit, output: exit.code === 0 ? '' : child.tail() }).toEqual({
    code: 0,
    signal: null,
    output: '',
  });
  return JSON.parse(readFileSync(out, 'utf8')) as BenchResults;
}

describe('npm run bench:peers', () => {
  test('measures rooms under every peer, finds nothing lost, and leaves no process', async () => {
    const bench = await startBench('--work', 'rooms');
    const results = await resultsOf(bench);
    expect(results).toMatchObject({
      isMeasurement: false,
      machine: { cpus: expect.any(Number), loadAverageBefore: expect.any(Array) },
      versions: { node: process.version, packages: { 'socket.io': expect.any(String) } },
    });
    const peers = ['floor', 'lanes', 'sharded-pubsub', 'streams'];
    expect(results.trials.map(({ peer }) => peer)).toEqual(peers);
    for (const { peer, figures } of results.trials) {
      expect([peer, figures]).toEqual([
        peer,
        expect.objectContaining({ unheard: 0, lost: 0, duplicated: 0, inversions: 0 }),
      ]);
      for (const name of [
        'gatewayCpuUsPerDelivery',
        'redisCpuUsPerPublish',
        'latencyP50Ms',
        'gatewayRssMb',
      ]) {
        expect([peer, name, figures[name] ?? 0]).toEqual([peer, name, expect.any(Number)]);
        expect(figures[name]).toBeGreaterThan(0);
      }
    }
    expect(results.trials.find(({ peer }) => peer === 'lanes')?.figures['disagreements']).toBe(0);
    expect(results.summary.map(({ ratios }) => ratios['gatewayCpuUsPerDelivery'])).toEqual(
      peers.map(() => expect.any(Number)),
    );
    expect(readFileSync(bench.chart, 'utf8')).toContain('</svg>');
    expect(readFileSync(bench.markdown, 'utf8')).toContain('| rooms: gateway CPU, us/delivery; 2 nodes |');
    expect(bench.child.output.entries.map(({ text }) => text)).toContainEqual(
      expect.stringContaining('Centrifugo was left out'),
    );
    // Of each peer: Redis, two nodes and the load generator.
    expect(bench.started.size).toBeGreaterThanOrEqual(4 * peers.length);
    expect(leftOf(bench.started)).toEqual([]);
  });

  test('measures everything else under lanes', async () => {
    const bench = await startBench('--driver', 'lanes', '--work', 'fanout,flat,idle,ready,gateway');
    const { trials } = await resultsOf(bench);
    const figures = Object.fromEntries(trials.map((trial) => [trial.work, trial.figures]));
    for (const work of ['fanout', 'flat', 'gateway']) {
      expect([work, figures[work]]).toEqual([
        work,
        expect.objectContaining({ unheard: 0, lost: 0, duplicated: 0, inversions: 0, disagreements: 0 }),
      ]);
    }
    expect(figures['idle']).toEqual(
      expect.objectContaining({
        rssKbPerConnection: expect.any(Number),
        cpuMsPerConnect: expect.any(Number),
        idleCpuPercent: expect.any(Number),
      }),
    );
    expect(figures['ready']?.['readyMs']).toBeGreaterThan(0);
    expect(leftOf(bench.started)).toEqual([]);
  });

  test('lets clients come back to each peer, and tells what that lost from what the nodes only said', async () => {
    const bench = await startBench(
      '--driver=floor,lanes,streams',
      '--work=storm,crash,quiet',
      '--return-clients=16',
    );
    const { trials } = await resultsOf(bench);
    expect(trials.map(({ work, peer }) => `${work} ${peer}`)).toEqual(
      ['storm', 'crash', 'quiet'].flatMap((work) =>
        ['floor', 'lanes', 'streams'].map((peer) => `${work} ${peer}`),
      ),
    );
    const clean = { lost: 0, duplicated: 0, inversions: 0, disagreements: 0, falselyRecovered: 0 };
    for (const { work, peer, figures } of trials) {
      expect([work, peer, figures]).toEqual([
        work,
        peer,
        expect.objectContaining({
          returns: expect.any(Number),
          backP50Ms: expect.any(Number),
          gatewayCpuMsPerReturn: expect.any(Number),
          redisCpuMsPerReturn: expect.any(Number),
          ...(peer === 'lanes' ? { ...clean, begunAnew: 0 } : {}),
          ...(peer === 'floor' ? { begunAnew: figures['returns'], falselyRecovered: 0 } : {}),
        }),
      ]);
      expect(figures['returns']).toBeGreaterThan(0);
      if (peer === 'floor') expect(figures['lost']).toBeGreaterThan(0);
    }
    const crash = trials.find(({ work, peer }) => work === 'crash' && peer === 'streams')?.figures;
    expect(crash).toMatchObject({ begunAnew: crash?.['returns'] });
    expect(leftOf(bench.started)).toEqual([]);
  });

  test('ends everything that it has started when it is told to end', async () => {
    const bench = await startBench('--driver', 'floor', '--work', 'rooms', '--warmup-s', '60');
    await eventually(() => bench.started.size >= 5 && childrenOf(bench.child.pid).length === 4, {
      timeoutMs: 60_000,
      describe: () => bench.child.tail(),
    });
    bench.child.signal('SIGTERM');
    expect(await bench.child.exited).toEqual({ code: 1, signal: null });
    expect(leftOf(bench.started)).toEqual([]);
  });
});

describeWithCentrifugo('Centrifugo', () => {
  test('takes part in all that is not of whole gateways, loses nothing, and leaves no process', async () => {
    const bench = await startBenchIn(
      { CENTRIFUGO: centrifugo as string },
      '--driver=centrifugo',
      '--work=rooms,fanout,flat,idle,storm,crash,quiet,ready,gateway',
      '--return-clients=16',
    );
    const { trials, versions, options } = await resultsOf(bench);
    expect(trials.map(({ work }) => work)).toEqual([
      'rooms',
      'fanout',
      'flat',
      'idle',
      'storm',
      'crash',
      'quiet',
    ]);
    // What is sent to a node as it is killed may be heard by nobody.
    const clean = { lost: 0, duplicated: 0, inversions: 0 };
    for (const { work, figures } of trials) {
      const expected =
        work === 'idle'
          ? { rssKbPerConnection: expect.any(Number), cpuMsPerConnect: expect.any(Number) }
          : clean;
      const isReturn = ['storm', 'crash', 'quiet'].includes(work);
      expect([work, figures]).toEqual([
        work,
        expect.objectContaining({ ...expected, ...(isReturn && { begunAnew: 0, falselyRecovered: 0 }) }),
      ]);
    }
    expect(versions.centrifugo).toMatch(/^\d/);
    expect(options.leftOut).toBeUndefined();
    expect(leftOf(bench.started)).toEqual([]);
  });
});
