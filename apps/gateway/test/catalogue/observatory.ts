import { setTimeout as pause } from 'node:timers/promises';
import type { MetricEntry } from '@sluice/telemetry';
import {
  eventually,
  type Child,
  type Gateway,
  type LogLine,
  type MetricSample,
  type OtlpMetric,
  type OtlpReceiver,
  type OtlpSpan,
} from '@sluice/testkit';
import { describeDue, isSeen, nameOf, type Due, type Entry, type Place } from './coverage.ts';
import type { SceneName } from './provocations.ts';
import { entryOfLine, entryOfSeries, entryOfSpan, strayKind } from './strays.ts';

// Enough for a machine that others use too.
const patienceMs = 40_000;
const scrapeEveryMs = 200;

/** Sees everything that the gateways of one cluster give away, and notes what of it was due. */
export class Observatory {
  /** What the catalogue does not know, each once. */
  readonly strays = new Set<string>();
  readonly #dues: readonly Due[];
  readonly #gateways: Gateway[] = [];
  /** Counters and counts of histograms at `/metrics` when the scene began. */
  readonly #before = new Map<string, number>();
  #scene: SceneName | undefined;

  constructor(dues: readonly Due[]) {
    this.#dues = dues;
  }

  /** Reads the log of a gateway, and its `/metrics` while it runs. */
  watch(gateway: Gateway): void {
    this.#gateways.push(gateway);
    this.readLog(gateway.child);
  }

  readLog(child: Child): void {
    child.output.subscribe(({ stream, text }) => {
      if (stream === 'stdout') this.#onLine(text);
    });
  }

  hear(receiver: OtlpReceiver): void {
    receiver.metrics.subscribe((metric) => this.#onPushed(metric));
    receiver.spans.subscribe((span) => this.#onSpan(span));
  }

  /** From here on it counts what `scene` is to show. */
  async begin(scene: SceneName): Promise<void> {
    this.#scene = undefined;
    this.#before.clear();
    await this.#scrape((key, value) => this.#before.set(key, value));
    this.#scene = scene;
  }

  /** Resolves once what is due of the named entries, or of all, has been seen in this scene. */
  async untilSeen(...names: readonly string[]): Promise<void> {
    await this.#until(names, isSeen);
  }

  /** The same for one place alone, where the others cannot know yet. */
  async untilSeenIn(place: Place, ...names: readonly string[]): Promise<void> {
    await this.#until(names, ({ seen }) => seen.has(place));
  }

  async #until(names: readonly string[], isDone: (due: Due) => boolean): Promise<void> {
    const own = this.#dues.filter(({ provocation }) => provocation.scene === this.#scene);
    const due = names.length === 0 ? own : own.filter(({ entry }) => names.includes(nameOf(entry)));
    const unknown = names.filter((name) => due.every(({ entry }) => nameOf(entry) !== name));
    if (unknown.length > 0)
      throw new RangeError(`scene "${this.#scene}" is to show no ${unknown.join(', ')}`);
    await eventually(
      async () => {
        await this.#scrape(() => undefined);
        if (due.every(isDone)) return true;
        await pause(scrapeEveryMs);
        return false;
      },
      {
        timeoutMs: patienceMs,
        describe: () =>
          due
            .filter((one) => !isDone(one))
            .map(describeDue)
            .join('\n'),
      },
    );
  }

  async #scrape(onSample: (key: string, value: number) => void): Promise<void> {
    const running = this.#gateways.filter(({ child }) => child.running);
    await Promise.all(
      running.map(async (gateway) => {
        let samples: readonly MetricSample[];
        try {
          samples = await gateway.metrics();
        } catch {
          // On its way out: what it has to say still comes over OTLP and by its log.
          return;
        }
        for (const { name, labels, value } of samples) {
          if (!name.startsWith('sluice_')) continue;
          const entry = entryOfSeries(name, labels);
          if (typeof entry === 'string') this.strays.add(entry);
          else if (name === entry.name || name === `${entry.name}_count`) {
            this.#onValue('/metrics', entry, gateway.nodeId, labels, value);
            onSample(keyOf(gateway.nodeId, entry, labels), value);
          }
        }
      }),
    );
  }

  #onPushed(metric: OtlpMetric): void {
    const { 'service.instance.id': nodeId } = metric.resource;
    if (!metric.name.startsWith('sluice_') || typeof nodeId !== 'string') return;
    for (const { attributes, value } of metric.points) {
      const entry = entryOfSeries(metric.name, attributes);
      const fault = typeof entry === 'string' ? entry : strayKind(entry, metric);
      if (fault !== undefined) this.strays.add(fault);
      else if (typeof entry !== 'string') {
        this.#onValue('OTLP', entry, nodeId, attributes, typeof value === 'number' ? value : value.count);
      }
    }
  }

  #onSpan(span: OtlpSpan): void {
    const entry = entryOfSpan(span);
    if (typeof entry === 'string') this.strays.add(entry);
    else this.#note('OTLP', entry);
  }

  #onLine(text: string): void {
    let line: LogLine;
    try {
      line = JSON.parse(text) as LogLine;
    } catch {
      this.strays.add(`"${text}" is no line of a log`);
      return;
    }
    const entry = entryOfLine(line);
    if (typeof entry === 'string') this.strays.add(entry);
    else this.#note('log', entry);
  }

  #onValue(
    place: Place,
    entry: MetricEntry,
    nodeId: string,
    labels: Readonly<Record<string, unknown>>,
    value: number,
  ): void {
    const own = keyOf('', entry, labels);
    this.#note(place, entry, ({ provocation }) => {
      if (keyOf('', entry, (provocation.labels ?? {}) as Record<string, string>) !== own) return false;
      if (provocation.shows !== undefined) return provocation.shows(value);
      const rests = entry.type === 'gauge' ? 0 : (this.#before.get(keyOf(nodeId, entry, labels)) ?? 0);
      return value > rests;
    });
  }

  #note(place: Place, entry: Entry, matches: (due: Due) => boolean = () => true): void {
    for (const due of this.#dues) {
      const { scene, isRare } = due.provocation;
      if (due.entry !== entry || due.seen.has(place) || !(scene === this.#scene || isRare === true)) continue;
      if (matches(due)) due.seen.add(place);
    }
  }
}

function keyOf(
  nodeId: string,
  { name, labels: listed }: MetricEntry,
  labels: Readonly<Record<string, unknown>>,
): string {
  return [nodeId, name, ...Object.keys(listed).map((label) => String(labels[label]))].join('\n');
}
