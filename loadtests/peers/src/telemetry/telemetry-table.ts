import { aligned } from '../results/aligned.ts';
import type { Spread } from '../results/results.ts';
import type { TelemetryResults } from './telemetry-results.ts';

/** The table for people: a row per setting, with medians, and the lowest and highest of the rounds. */
export function telemetryTable({ summary, rounds }: TelemetryResults): string {
  const rows = summary.map(({ setting, gatewayCpuUsPerDelivery, timesOff, gatewayRssMb, spans }) => [
    setting,
    textOf(timesOff.median, 3),
    rangeOf(timesOff, 3),
    textOf(gatewayCpuUsPerDelivery.median, 1),
    rangeOf(gatewayCpuUsPerDelivery, 1),
    textOf(gatewayRssMb.median, 1),
    textOf(spans.median, 0),
  ]);
  const head = ['', 'times off', 'lowest - highest', 'us/delivery', 'lowest - highest', 'RSS, MB', 'spans'];
  const faulty = rounds.filter(({ faults }) => faults.length > 0).length;
  const usage = faulty < rounds.length ? 'left out' : 'the figures are not to be relied on';
  return [
    `gateway CPU per delivery; ${rounds.length === 1 ? 'one round' : `medians of ${rounds.length - (faulty < rounds.length ? faulty : 0)} rounds`}`,
    aligned([head, ...rows]),
    ...(faulty === 0 ? [] : [`${faulty} of ${rounds.length} rounds not valid; ${usage}`]),
  ].join('\n\n');
}

function rangeOf({ lowest, highest }: Spread, digits: number): string {
  return `${textOf(lowest, digits)} - ${textOf(highest, digits)}`;
}

function textOf(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '-';
}
