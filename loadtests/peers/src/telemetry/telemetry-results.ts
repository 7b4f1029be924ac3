import type { SettingName, TelemetryOptions } from '../../telemetry-options.mjs';
import type { RoomVerdict } from '../generator/check-room.ts';
import type { DeliveryReport } from '../generator/plan.ts';
import type { Machine } from '../results/machine.ts';
import type { Spread } from '../results/results.ts';
import { median } from '../results/statistics.ts';
import type { Versions } from '../results/versions.ts';

/** Of one setting in one round. */
export interface SettingFigures {
  readonly gatewayCpuUsPerDelivery: number;
  readonly delivered: number;
  readonly gatewayRssMb: number;
  /** That the receiver has taken, warm-up included. */
  readonly spans: number;
  /** That were given up. */
  readonly spansLost: number;
}

/** All settings at the same time. */
export interface TelemetryRound {
  readonly round: number;
  readonly startedAt: string;
  /** Empty where the figures can be relied on. */
  readonly faults: readonly string[];
  readonly figures: Readonly<Partial<Record<SettingName, SettingFigures>>>;
  /** Of all settings together; undefined where the round failed. */
  readonly verdict: RoomVerdict | undefined;
  readonly latencyMs: DeliveryReport['latencyMs'] | undefined;
}

/** Over the rounds without faults; over all of them where every one has faults. */
export interface SettingSummary {
  readonly setting: SettingName;
  readonly rounds: number;
  readonly gatewayCpuUsPerDelivery: Spread;
  /** Of each round: how many times that of `off` in the same round. */
  readonly timesOff: Spread;
  readonly gatewayRssMb: Spread;
  readonly spans: Spread;
}

/** What a results file holds. */
export interface TelemetryResults {
  readonly format: 'sluice-telemetry-1';
  /** False where the figures are no measurement: too short, or profiled. */
  readonly isMeasurement: boolean;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly options: TelemetryOptions;
  readonly versions: Versions;
  readonly machine: Machine;
  readonly summary: readonly SettingSummary[];
  readonly rounds: readonly TelemetryRound[];
}

export function summarizeTelemetry(
  settings: readonly SettingName[],
  rounds: readonly TelemetryRound[],
): SettingSummary[] {
  const faultless = rounds.filter(({ faults }) => faults.length === 0);
  const counted = faultless.length === 0 ? rounds : faultless;
  return settings.map((setting) => {
    const spread = (read: (figures: SettingFigures, off: SettingFigures | undefined) => number): Spread => {
      const values = counted.flatMap(({ figures }) => {
        const its = figures[setting];
        return its === undefined ? [] : [read(its, figures.off)];
      });
      return { median: median(values), lowest: Math.min(...values), highest: Math.max(...values) };
    };
    return {
      setting,
      rounds: counted.length,
      gatewayCpuUsPerDelivery: spread((its) => its.gatewayCpuUsPerDelivery),
      timesOff: spread(
        (its, off) => its.gatewayCpuUsPerDelivery / (off?.gatewayCpuUsPerDelivery ?? Number.NaN),
      ),
      gatewayRssMb: spread((its) => its.gatewayRssMb),
      spans: spread((its) => its.spans),
    };
  });
}
