import { expect, test } from '@jest/globals';
import type { SettingName } from '../telemetry-options.mjs';
import {
  summarizeTelemetry,
  type SettingFigures,
  type TelemetryRound,
} from '../src/telemetry/telemetry-results.ts';

function round(cpuUs: Partial<Record<SettingName, number>>, faults: string[] = []): TelemetryRound {
  const figures = Object.fromEntries(
    Object.entries(cpuUs).map(([name, gatewayCpuUsPerDelivery]): [string, SettingFigures] => [
      name,
      { gatewayCpuUsPerDelivery, delivered: 1, gatewayRssMb: 100, spans: 0, spansLost: 0 },
    ]),
  );
  return { round: 1, startedAt: '', faults, figures, verdict: undefined, latencyMs: undefined };
}

test('a round is compared with itself: what the machine did between rounds is not the settings’', () => {
  const rounds = [
    round({ off: 100, '1%': 104 }),
    round({ off: 200, '1%': 204 }),
    round({ off: 150, '1%': 165 }),
  ];
  expect(summarizeTelemetry(['off', '1%'], rounds)).toMatchObject([
    { setting: 'off', gatewayCpuUsPerDelivery: { median: 150 }, timesOff: { lowest: 1, highest: 1 } },
    {
      setting: '1%',
      rounds: 3,
      gatewayCpuUsPerDelivery: { median: 165, lowest: 104, highest: 204 },
      timesOff: { median: 1.04, lowest: 1.02, highest: 1.1 },
    },
  ]);
});

test('a round that is not valid is left out', () => {
  const rounds = [round({ off: 100, '1%': 104 }), round({ off: 100, '1%': 300 }, ['late'])];
  expect(summarizeTelemetry(['off', '1%'], rounds)[1]?.timesOff).toEqual({
    median: 1.04,
    lowest: 1.04,
    highest: 1.04,
  });
});
