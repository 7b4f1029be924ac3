import { aligned } from '../results/aligned.ts';
import type { Spread } from '../results/results.ts';
import type { SettingSummary } from './telemetry-results.ts';

const head = ['', 'times off', 'rounds', 'us/delivery', 'off', 'RSS, MB', 'off', 'spans'];

/** The table for people: medians, and all rounds' ratios from the lowest to the highest. */
export function telemetryTable(summary: readonly SettingSummary[]): string {
  const rows = summary.map((row) => [
    row.setting,
    textOf(row.timesOff.median, 3),
    rangeOf(row.timesOff),
    textOf(row.gatewayCpuUsPerDelivery.median, 1),
    textOf(row.offCpuUsPerDelivery.median, 1),
    textOf(row.gatewayRssMb.median, 1),
    textOf(row.offRssMb.median, 1),
    textOf(row.spans.median, 0),
  ]);
  const rounds = Math.max(0, ...summary.map((row) => row.rounds));
  const faulty = summary.filter(({ faultyRounds }) => faultyRounds > 0).map(faultyLine);
  return [
    `gateway CPU per delivery, beside off at the same time; ${rounds === 1 ? 'one round' : `medians of ${rounds} rounds`}`,
    aligned([head, ...rows]),
    ...(faulty.length > 0 ? [faulty.join('\n')] : []),
  ].join('\n\n');
}

function faultyLine({ setting, faultyRounds, rounds }: SettingSummary): string {
  const usage = faultyRounds < rounds ? 'left out' : 'the figures are not to be relied on';
  return `${setting}: ${faultyRounds} of ${rounds} rounds not valid; ${usage}`;
}

function rangeOf({ lowest, highest }: Spread): string {
  return `${textOf(lowest, 3)} - ${textOf(highest, 3)}`;
}

function textOf(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '-';
}
