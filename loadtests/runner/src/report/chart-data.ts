import type { FaultSpan } from '../cluster/control-server.ts';
import type { Frame } from '../k6/recording.ts';
import type { UsageSample } from '../watch-processes.ts';

/** Lines over one axis of time. */
export interface Chart {
  readonly title: string;
  /** What the vertical axis counts. */
  readonly unit: string;
  /** Seconds since the epoch. */
  readonly times: readonly number[];
  readonly lines: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
}

/** A part of the time in which something was done to the cluster. */
export interface Band {
  readonly name: string;
  /** Seconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

interface ChartSource {
  readonly title: string;
  readonly unit: string;
  /** Left out where none of them was ever measured. */
  readonly lines: readonly { readonly name: string; readonly read: (frame: Frame) => number | undefined }[];
}

const perSecond = (metric: string) => (frame: Frame) => frame.metrics.get(metric)?.['count'] ?? 0;
const aggregate = (metric: string, name: string) => (frame: Frame) => frame.metrics.get(metric)?.[name];
const percentiles = (metric: string): ChartSource['lines'] => [
  { name: 'half of them', read: aggregate(metric, 'med') },
  { name: '95 of 100', read: aggregate(metric, 'p(95)') },
  { name: 'all', read: aggregate(metric, 'max') },
];

const sources: readonly ChartSource[] = [
  {
    title: 'Messages',
    unit: 'per second',
    lines: [
      { name: 'said', read: perSecond('sluice_sent') },
      { name: 'heard', read: perSecond('sluice_heard') },
      { name: 'of which replayed', read: perSecond('sluice_replayed') },
    ],
  },
  {
    title: 'From a text’s sending to its hearing, within',
    unit: 'ms',
    lines: percentiles('sluice_delivery_ms'),
  },
  {
    title: 'The same, by who reads slowly, 95 of 100 within',
    unit: 'ms',
    lines: [
      { name: 'fast', read: aggregate('sluice_delivery_ms{reader:fast}', 'p(95)') },
      { name: 'slow', read: aggregate('sluice_delivery_ms{reader:slow}', 'p(95)') },
    ],
  },
  {
    title: 'From a text’s sending to its acknowledgement, within',
    unit: 'ms',
    lines: percentiles('sluice_ack_ms'),
  },
  {
    title: 'From a connection’s loss to the return, within',
    unit: 'ms',
    lines: percentiles('sluice_return_ms'),
  },
  { title: 'How late k6’s own timers are, within', unit: 'ms', lines: percentiles('sluice_lateness_ms') },
];

/** Everything that is worth a look over time. */
export function chartsOf(frames: readonly Frame[], samples: readonly UsageSample[]): Chart[] {
  const times = frames.map(({ timeMs }) => timeMs / 1_000);
  const measured = sources.flatMap(({ title, unit, lines }): Chart[] => {
    const drawn = lines
      .map(({ name, read }) => ({ name, values: frames.map((frame) => read(frame) ?? null) }))
      .filter(({ values }) => values.some((value) => value !== null));
    return drawn.length === 0 ? [] : [{ title, unit, times, lines: drawn }];
  });
  return [membersChart(frames, times), ...measured, ...usageCharts(samples)];
}

function membersChart(frames: readonly Frame[], times: readonly number[]): Chart {
  let connected = 0;
  const values = frames.map((frame) => {
    connected += perSecond('sluice_connected')(frame) - perSecond('sluice_disconnected')(frame);
    return connected;
  });
  return { title: 'Members', unit: 'connected', times, lines: [{ name: 'connected', values }] };
}

function usageCharts(samples: readonly UsageSample[]): Chart[] {
  if (samples.length === 0) return [];
  const times = [...new Set(samples.map(secondOf))].toSorted((a, b) => a - b);
  const names = [...new Set(samples.map(({ name }) => name))].toSorted();
  const linesOf = (read: (sample: UsageSample) => number): Chart['lines'] =>
    names.map((name) => {
      const byTime = new Map(
        samples.filter((sample) => sample.name === name).map((sample) => [secondOf(sample), read(sample)]),
      );
      return { name, values: times.map((time) => byTime.get(time) ?? null) };
    });
  return [
    { title: 'Processor', unit: '% of a core', times, lines: linesOf(({ cpuPercent }) => cpuPercent) },
    { title: 'Memory, resident', unit: 'MB', times, lines: linesOf(({ rssMb }) => rssMb) },
  ];
}

function secondOf({ timeMs }: UsageSample): number {
  return Math.round(timeMs / 1_000);
}

const faultNames: Readonly<Record<FaultSpan['name'], string>> = {
  roll: 'gateways restart',
  crash: 'a gateway is dead',
  'restart-redis': 'Redis is away',
  slow: 'slow reading',
};

/** Calls of `slow` are many, and short: their effect lasts until the next of another pace, which is not known here. */
export function bandsOf(faults: readonly FaultSpan[], endedAt: number): Band[] {
  return faults
    .filter(({ name }) => name !== 'slow')
    .map((fault) => ({
      name: faultNames[fault.name],
      from: fault.startedAt / 1_000,
      to: (fault.endedAt ?? endedAt) / 1_000,
    }));
}
