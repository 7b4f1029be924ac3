import type { LogEntry, MetricEntry, SpanEntry } from '@sluice/telemetry';
import type { Driver } from '@sluice/testkit';
import type { Provocation } from './provocations.ts';

/** Where something was seen. */
export type Place = '/metrics' | 'OTLP' | 'log';

export type Entry = MetricEntry | SpanEntry | LogEntry;

export interface Catalogue {
  readonly metrics: Readonly<Record<string, MetricEntry>>;
  readonly spans: readonly SpanEntry[];
  readonly logs: readonly LogEntry[];
}

/** Of each entry what provokes it: metrics by their key in the catalogue, spans by name, lines of the log by text. */
export interface Provocations {
  readonly metrics: Readonly<Record<string, readonly Provocation[]>>;
  readonly spans: Readonly<Record<string, readonly Provocation[]>>;
  readonly logs: Readonly<Record<string, readonly Provocation[]>>;
}

/** What one provocation of one entry is to show over one driver, and where it has been seen so far. */
export interface Due {
  readonly entry: Entry;
  readonly driver: Driver;
  readonly provocation: Provocation;
  readonly places: readonly Place[];
  readonly seen: Set<Place>;
}

export interface Coverage {
  /** From 0 to 1: of the catalogue's entries, those of which all that is due was seen. */
  readonly share: number;
  /** What is missing of the others, each with the name of its entry. */
  readonly missing: readonly string[];
  /** One row for each entry: itself, its signal, and the drivers over which it was seen at `/metrics`, and over OTLP or in the log. */
  readonly table: string;
}

const drivers: readonly Driver[] = ['lanes', 'streams', 'sharded-pubsub'];
const places = {
  metric: ['/metrics', 'OTLP'],
  span: ['OTLP'],
  log: ['log'],
} as const satisfies Record<Entry['signal'], readonly Place[]>;

export function nameOf(entry: Entry): string {
  return entry.signal === 'log' ? entry.message : entry.name;
}

function entriesOf({ metrics, spans, logs }: Catalogue): Entry[] {
  return [...Object.values(metrics), ...spans, ...logs];
}

export function duesOf(catalogue: Catalogue, provocations: Provocations): Due[] {
  const provoked = (entry: Entry, by: readonly Provocation[] = []): Due[] =>
    by.flatMap((provocation) =>
      provocation.drivers.map((driver) => ({
        entry,
        driver,
        provocation,
        places: places[entry.signal],
        seen: new Set<Place>(),
      })),
    );
  return [
    ...Object.entries(catalogue.metrics).flatMap(([key, entry]) =>
      provoked(entry, provocations.metrics[key]),
    ),
    ...catalogue.spans.flatMap((entry) => provoked(entry, provocations.spans[entry.name])),
    ...catalogue.logs.flatMap((entry) => provoked(entry, provocations.logs[entry.message])),
  ];
}

export function isSeen({ places: all, seen }: Due): boolean {
  return all.every((place) => seen.has(place));
}

export function describeDue({ entry, driver, provocation, places: all, seen }: Due): string {
  const { scene, labels } = provocation;
  const unseen = all.filter((place) => !seen.has(place)).join(' and ');
  const series = entry.signal === 'metric' ? ` ${JSON.stringify(labels ?? {})}` : '';
  return `${nameOf(entry)}${series}: in scene "${scene}" over ${driver} not seen in ${unseen}`;
}

export function coverageOf(catalogue: Catalogue, dues: readonly Due[]): Coverage {
  const rows = entriesOf(catalogue).map((entry) => {
    const its = dues.filter((due) => due.entry === entry);
    const missing = [
      ...driversOf(entry, its)
        .filter((driver) => its.every((due) => due.driver !== driver))
        .map((driver) => `${nameOf(entry)}: nothing provokes it over ${driver}`),
      ...its.filter((due) => !isSeen(due)).map(describeDue),
    ];
    return { entry, its, missing };
  });
  const missing = rows.flatMap((row) => row.missing);
  const covered = rows.filter((row) => row.missing.length === 0).length;
  const share = rows.length === 0 ? 0 : covered / rows.length;
  const lines = rows.map(({ entry, its }) => [
    nameOf(entry),
    entry.signal,
    entry.signal === 'metric' ? overWhich(its, '/metrics') : '',
    overWhich(its, entry.signal === 'log' ? 'log' : 'OTLP'),
  ]);
  const header = ['entry', 'signal', 'seen at /metrics', 'seen over OTLP, or in the log'];
  const total = `monitoring coverage: ${covered} of ${rows.length} entries, ${percent(share)}`;
  return { share, missing, table: `${columns([header, ...lines])}\n\n${total}` };
}

/** Rounded down: 100 % is nothing but all. */
function percent(share: number): string {
  return `${Math.floor(share * 1_000) / 10} %`;
}

/** What a gateway logs of itself does not depend on its driver: once is enough. */
function driversOf(entry: Entry, its: readonly Due[]): readonly Driver[] {
  if (entry.only !== undefined) return [entry.only];
  return entry.signal === 'log' ? [its[0]?.driver ?? 'lanes'] : drivers;
}

function overWhich(its: readonly Due[], place: Place): string {
  const whole = drivers.filter((driver) => {
    const there = its.filter((due) => due.driver === driver);
    return there.length > 0 && there.every(({ seen }) => seen.has(place));
  });
  return whole.length === 0 ? '-' : whole.join(', ');
}

function columns(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
