import type { SettingName, TelemetryOptions } from '../../telemetry-options.mjs';
import type { RoomVerdict } from '../generator/check-room.ts';
import type { DeliveryReport } from '../generator/plan.ts';
import type { Machine } from '../results/machine.ts';
import type { Spread } from '../results/results.ts';
import { median } from '../results/statistics.ts';
import type { Versions } from '../results/versions.ts';

/** Of one cluster in one trial. */
export interface ClusterFigures {
  readonly gatewayCpuUsPerDelivery: number;
  readonly delivered: number;
  readonly gatewayRssMb: number;
  /** That the receiver has taken, warm-up included. */
  readonly spans: number;
  /** That were given up. */
  readonly spansLost: number;
}

/** Two clusters at the same time. */
interface ComparedFigures {
  readonly off: ClusterFigures;
  readonly on: ClusterFigures;
  /** Of both together. */
  readonly verdict: RoomVerdict;
  readonly latencyMs: DeliveryReport['latencyMs'];
}

/** One setting compared with `off` once. */
export interface TelemetryTrial {
  readonly setting: SettingName;
  /** From 1 on. */
  readonly round: number;
  readonly startedAt: string;
  /** Empty where the figures can be relied on. */
  readonly faults: readonly string[];
  /** Undefined where the trial failed. */
  readonly figures: ComparedFigures | undefined;
}

/** Over the rounds without faults; over all of them where every one has faults. */
export interface SettingSummary {
  readonly setting: SettingName;
  readonly rounds: number;
  readonly faultyRounds: number;
  /** Of each round: how many times that of `off` beside it. */
  readonly timesOff: Spread;
  readonly gatewayCpuUsPerDelivery: Spread;
  readonly offCpuUsPerDelivery: Spread;
  readonly gatewayRssMb: Spread;
  readonly offRssMb: Spread;
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
  readonly trials: readonly TelemetryTrial[];
}

/** In the order in which the settings first appear. */
export function summarizeTelemetry(trials: readonly TelemetryTrial[]): SettingSummary[] {
  return [...new Set(trials.map(({ setting }) => setting))].map((setting) => {
    const its = trials.filter((trial) => trial.setting === setting);
    const faultless = its.filter(({ faults }) => faults.length === 0);
    const counted = (faultless.length === 0 ? its : faultless).flatMap(({ figures }) => figures ?? []);
    const spread = (read: (figures: ComparedFigures) => number): Spread => {
      const values = counted.map(read);
      return { median: median(values), lowest: Math.min(...values), highest: Math.max(...values) };
    };
    return {
      setting,
      rounds: its.length,
      faultyRounds: its.length - faultless.length,
      timesOff: spread(({ on, off }) => on.gatewayCpuUsPerDelivery / off.gatewayCpuUsPerDelivery),
      gatewayCpuUsPerDelivery: spread(({ on }) => on.gatewayCpuUsPerDelivery),
      offCpuUsPerDelivery: spread(({ off }) => off.gatewayCpuUsPerDelivery),
      gatewayRssMb: spread(({ on }) => on.gatewayRssMb),
      offRssMb: spread(({ off }) => off.gatewayRssMb),
      spans: spread(({ on }) => on.spans),
    };
  });
}
