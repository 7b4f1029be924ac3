import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { freePort, repositoryPath, spawnChild, withScope, type Scope } from '@sluice/testkit';

const setup = (await import(repositoryPath('infra/setup/k6.mjs'))) as {
  findK6: () => string | undefined;
  whyNoK6: () => string | undefined;
};

/** The k6 that this machine has: `K6=`, on PATH, or the one that `npm test` builds where there is Go. */
export const findK6 = setup.findK6;

/** What a run of k6 came to. */
export interface K6Run {
  /** 0 where all thresholds were held, 99 where one was crossed. */
  readonly code: number | null;
  readonly metrics: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The metrics whose thresholds were crossed, in the order of the alphabet. */
  readonly crossed: readonly string[];
  /** How often each check held and failed. */
  readonly checks: Readonly<Record<string, { readonly passes: number; readonly fails: number }>>;
  /** Everything it said, for people. */
  readonly output: string;
}

interface Summary {
  readonly metrics: Readonly<
    Record<
      string,
      {
        readonly values: Readonly<Record<string, number>>;
        readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
      }
    >
  >;
  readonly root_group: {
    readonly checks: readonly { readonly name: string; readonly passes: number; readonly fails: number }[];
  };
}

/**
 * Runs a script of this folder's parent, given from there, or an archive of one; it exports our `handleSummary`.
 * @param env what the script finds in `__ENV`
 * @param options more of k6's options
 */
export async function runK6(
  script: string,
  env: Readonly<Record<string, string>>,
  options: readonly string[] = [],
): Promise<K6Run> {
  return await withScope(async (scope) => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-test-k6-'));
    scope.onClose(() => rmSync(folder, { recursive: true, force: true }));
    const SUMMARY = join(folder, 'summary.json');
    const K6_API = `127.0.0.1:${await freePort(scope)}`;
    const child = await spawnChild(scope, {
      name: `k6 run ${script}`,
      command: findK6() as string,
      // An address of its own: another run would want the default, too.
      args: [
        'run',
        '--quiet',
        '--no-color',
        '--no-usage-report',
        `--address=${K6_API}`,
        ...options,
        resolve(repositoryPath('loadtests'), script),
      ],
      env: { ...env, SUMMARY, K6_API },
    });
    const { code } = await child.exited;
    const output = child.tail(200);
    const { metrics, root_group: root } = readSummary(SUMMARY, output);
    const isCrossed = ([, { thresholds = {} }]: [string, Summary['metrics'][string]]): boolean =>
      Object.values(thresholds).some(({ ok }) => !ok);
    return {
      code,
      metrics: Object.fromEntries(Object.entries(metrics).map(([name, { values }]) => [name, values])),
      crossed: Object.entries(metrics)
        .filter(isCrossed)
        .map(([name]) => name)
        .toSorted(),
      checks: Object.fromEntries(root.checks.map(({ name, passes, fails }) => [name, { passes, fails }])),
      output,
    };
  });
}

/** Writes a scenario as an archive that `instances` k6 may share, by `npm run load -- … --archive`; resolves to its path. */
export async function archiveScenario(
  scope: Scope,
  scenario: string,
  size: Readonly<Record<string, number>>,
  instances: number,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-k6-archive-'));
  scope.onClose(() => rmSync(folder, { recursive: true, force: true }));
  const archive = join(folder, `${scenario}.tar`);
  const sizes = Object.entries({ ...size, INSTANCES: instances }).map(([name, value]) => `${name}=${value}`);
  const child = await spawnChild(scope, {
    name: `npm run load -- ${scenario} --archive`,
    command: process.execPath,
    args: [repositoryPath('loadtests/load.mjs'), scenario, ...sizes, '--archive', archive],
    env: { K6: findK6() as string },
  });
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`no archive was written; ${child.tail()}`);
  return archive;
}

function readSummary(path: string, output: string): Summary {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Summary;
  } catch (cause) {
    throw new Error(`k6 left no summary; ${output}`, { cause });
  }
}

/** Tests that need k6. On a machine that cannot have it, one that says why stands in their place. */
export function describeWithK6(name: string, body: () => void): void {
  if (findK6() !== undefined) {
    // oxlint-disable-next-line jest/valid-title, jest/valid-describe-callback -- those of the caller
    describe(name, body);
    return;
  }
  // oxlint-disable-next-line jest/valid-title -- that of the caller
  describe(name, () => {
    test('cannot be tested without k6, and setup has said why this machine has none', () => {
      expect(setup.whyNoK6()).toMatch(/./);
    });
  });
}
