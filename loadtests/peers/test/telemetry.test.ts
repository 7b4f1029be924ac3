import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { openScope, repositoryPath, spawnChild } from '@sluice/testkit';
import type { TelemetryResults } from '../src/telemetry/telemetry-results.ts';

const scope = openScope(afterEach);

test('npm run bench:telemetry measures every setting at once, of which each exports what it should and loses nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-telemetry-'));
  scope.onClose(() => rmSync(folder, { recursive: true, force: true }));
  const out = join(folder, 'out.json');
  const profiles = join(folder, 'profiles');
  const child = await spawnChild(scope, {
    name: 'bench:telemetry',
    command: process.execPath,
    args: [repositoryPath('loadtests/peers/telemetry.mjs'), '--quick', '--out', out, '--profile', profiles],
    graceMs: 20_000,
  });
  const exit = await child.exited;
  expect({ ...exit, output: exit.code === 0 ? '' : child.tail() }).toEqual({
    code: 0,
    signal: null,
    output: '',
  });
  const results = JSON.parse(readFileSync(out, 'utf8')) as TelemetryResults;
  expect(results).toMatchObject({ format: 'sluice-telemetry-1', isMeasurement: false });
  const [round] = results.rounds;
  // How busy this machine is may be a fault; what was exported may not.
  expect(round?.faults.filter((fault) => /metrics|spans|exported|counted/.test(fault))).toEqual([]);
  expect(round?.verdict).toEqual({ unheard: 0, lost: 0, duplicated: 0, inversions: 0, disagreements: 0 });
  const { off, metrics, '100%': all } = round?.figures ?? {};
  for (const figures of [off, metrics, all]) expect(figures?.gatewayCpuUsPerDelivery).toBeGreaterThan(0);
  expect([off?.spans, metrics?.spans]).toEqual([0, 0]);
  expect(all?.spans).toBeGreaterThan(0);
  expect(readdirSync(profiles)).toEqual(
    expect.arrayContaining(['100-percent-node-1.cpuprofile', '100-percent-node-1.svg', 'off-node-2.svg']),
  );
  const summary = Object.fromEntries(
    results.summary.map(({ setting, timesOff }) => [setting, timesOff.median]),
  );
  expect(summary['off']).toBe(1);
  expect(summary['1%']).toBeGreaterThan(0);
});
