import { sumUsage } from '@sluice/testkit';
import type { ReturnReport, WindowUsage } from '../generator/plan.ts';
import type { Measured } from './trial.ts';

/** What a return costs beside the talk that goes on meanwhile, how long it takes, and what is wrong afterwards. */
export function returnFigures(report: ReturnReport): Measured['figures'] {
  const { returns, begunAnew, stillAway, backMs, windowMs, usage, steady, verdict } = report;
  const { falselyRecovered } = report;
  /** What is spent more than talking takes in the same time: the mean of before and after. */
  const perReturn = (cpuMsOf: (usage: WindowUsage) => number): number => {
    const shares = steady.map((window) => cpuMsOf(window.usage) / window.windowMs);
    const talking = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    return (cpuMsOf(usage) - talking * windowMs) / returns;
  };
  return {
    gatewayCpuMsPerReturn: perReturn(({ nodes }) => sumUsage(nodes).cpuMs),
    redisCpuMsPerReturn: perReturn(({ redis }) => redis.cpuMs),
    backP50Ms: backMs.p50,
    backP99Ms: backMs.p99,
    backMaxMs: backMs.max,
    begunAnew,
    ...verdict,
    falselyRecovered,
    returns,
    stillAway,
    allBackMs: windowMs,
    gatewayCores: sumUsage(usage.nodes).cpuMs / windowMs,
    generatorCores: usage.generator.cpuMs / windowMs,
    generatorLatenessP99Ms: Math.max(...steady.map(({ latenessP99Ms }) => latenessP99Ms)),
  };
}
