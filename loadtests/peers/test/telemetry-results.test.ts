import { expect, test } from '@jest/globals';
import {
  summarizeTelemetry,
  type ClusterFigures,
  type TelemetryTrial,
} from '../src/telemetry/telemetry-results.ts';
import { telemetryTable } from '../src/telemetry/telemetry-table.ts';

const cluster = (gatewayCpuUsPerDelivery: number): ClusterFigures => ({
  gatewayCpuUsPerDelivery,
  delivered: 1,
  gatewayRssMb: 100,
  spans: 7,
  spansLost: 0,
});

function trial(off: number, on: number, faults: string[] = []): TelemetryTrial {
  return {
    setting: '1%',
    round: 1,
    startedAt: '',
    faults,
    figures: {
      off: cluster(off),
      on: cluster(on),
      verdict: { unheard: 0, lost: 0, duplicated: 0, inversions: 0, disagreements: 0 },
      latencyMs: { p50: 1, p99: 2, max: 3 },
    },
  };
}

test('a setting is compared with what ran beside it: what the machine did between rounds is not its own', () => {
  const summary = summarizeTelemetry([trial(100, 104), trial(200, 204), trial(150, 165)]);
  expect(summary).toMatchObject([
    {
      setting: '1%',
      rounds: 3,
      faultyRounds: 0,
      timesOff: { median: 1.04, lowest: 1.02, highest: 1.1 },
      gatewayCpuUsPerDelivery: { median: 165, lowest: 104, highest: 204 },
      offCpuUsPerDelivery: { median: 150 },
    },
  ]);
  expect(
    telemetryTable(summary)
      .split('\n')
      .at(-1)
      ?.trim()
      .split(/\s{2,}/),
  ).toEqual(['1%', '1.040', '1.020 - 1.100', '165.0', '150.0', '100.0', '100.0', '7']);
});

test('a round that is not valid is left out, and said', () => {
  const summary = summarizeTelemetry([trial(100, 104), trial(100, 300, ['late'])]);
  expect(summary[0]?.timesOff).toEqual({ median: 1.04, lowest: 1.04, highest: 1.04 });
  expect(telemetryTable(summary)).toContain('1%: 1 of 2 rounds not valid; left out');
});

test('what has failed has no figures', () => {
  const failed: TelemetryTrial = { ...trial(1, 1, ['failed']), figures: undefined };
  const text = telemetryTable(summarizeTelemetry([failed]));
  expect(text).toContain('1%: 1 of 1 rounds not valid; the figures are not to be relied on');
});
