import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { openScope, repositoryPath, spawnChild } from '@sluice/testkit';
import type { TelemetryResults } from '../src/telemetry/telemetry-results.ts';

const scope = openScope(afterEach);

test('npm run bench:telemetry compares every setting with off, of which each exports what it should and loses nothing', async () => {
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
  expect(results.trials.map(({ setting }) => setting)).toEqual(['off-again', 'metrics', '1%', '100%']);
  for (const { setting, faults, figures } of results.trials) {
    // How busy this machine is may be a fault; what was exported may not.
    const wrong = faults.filter((fault) => /metrics|spans|exported|counted/.test(fault));
    expect([setting, wrong, figures?.verdict]).toEqual([
      setting,
      [],
      { unheard: 0, lost: 0, duplicated: 0, inversions: 0, disagreements: 0 },
    ]);
    expect(figures?.off.gatewayCpuUsPerDelivery).toBeGreaterThan(0);
    expect(figures?.on.gatewayCpuUsPerDelivery).toBeGreaterThan(0);
    expect(figures?.off.spans).toBe(0);
    if (setting === '100%') expect(figures?.on.spans).toBeGreaterThan(0);
    else if (setting !== '1%') expect(figures?.on.spans).toBe(0);
  }
  expect(readdirSync(profiles)).toEqual(
    expect.arrayContaining(['100-percent-node-1.cpuprofile', '100-percent-node-1.svg', 'metrics-node-2.svg']),
  );
  expect(results.summary.map(({ timesOff }) => timesOff.median)).toEqual(
    results.trials.map(() => expect.any(Number)),
  );
});
