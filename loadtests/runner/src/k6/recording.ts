import { closeSync, openSync, readSync } from 'node:fs';

/** What k6 measured in one second: by metric, then by aggregate (`count`, `p(95)`, …). */
export interface Frame {
  /** When it ended, in milliseconds since the epoch. */
  readonly timeMs: number;
  readonly metrics: ReadonlyMap<string, Readonly<Record<string, number>>>;
}

type MetricType = 'counter' | 'gauge' | 'rate' | 'trend';

interface RunParameters {
  readonly aggregates: Readonly<Record<MetricType, readonly string[]>>;
  /** When k6 ends the scenario at the latest, in milliseconds from its beginning. */
  readonly endOffset?: number;
}

type RecordedEvent =
  | { readonly event: 'param'; readonly data: RunParameters }
  | { readonly event: 'metric'; readonly data: Readonly<Record<string, { readonly type: MetricType }>> }
  | {
      readonly event: 'start' | 'snapshot' | 'cumulative' | 'stop';
      readonly data: readonly (readonly number[])[];
    }
  | { readonly event: 'threshold'; readonly data: unknown };

/**
 * Reads what k6's web dashboard records (`K6_WEB_DASHBOARD_RECORD`), while it is written: a line of JSON for each event.
 * Values come as arrays in the order of the names of all metrics there were until then.
 */
export class Recording {
  readonly #path: string;
  readonly #types = new Map<string, MetricType>();
  readonly #frames: Frame[] = [];
  #parameters: RunParameters | undefined;
  #readBytes = 0;
  #rest = '';

  constructor(path: string) {
    this.#path = path;
  }

  /** All that have been read, oldest first. */
  get frames(): readonly Frame[] {
    return this.#frames;
  }

  /** How long the scenario takes at most, in milliseconds; undefined before k6 has said so. */
  get longestMs(): number | undefined {
    return this.#parameters?.endOffset;
  }

  /** Reads what has been written since; returns the frames among it. */
  read(): readonly Frame[] {
    const before = this.#frames.length;
    const lines = (this.#rest + this.#newText()).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#take(JSON.parse(line) as RecordedEvent);
    return this.#frames.slice(before);
  }

  #newText(): string {
    const buffer = Buffer.alloc(65_536);
    const parts: Buffer[] = [];
    let file: number;
    try {
      file = openSync(this.#path, 'r');
    } catch (error) {
      // k6 has not begun.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
    try {
      for (;;) {
        const length = readSync(file, buffer, 0, buffer.length, this.#readBytes);
        if (length === 0) return Buffer.concat(parts).toString('latin1');
        this.#readBytes += length;
        parts.push(Buffer.from(buffer.subarray(0, length)));
      }
    } finally {
      closeSync(file);
    }
  }

  #take(recorded: RecordedEvent): void {
    switch (recorded.event) {
      case 'param':
        this.#parameters = recorded.data;
        return;
      case 'metric':
        for (const [name, { type }] of Object.entries(recorded.data)) this.#types.set(name, type);
        return;
      case 'snapshot':
        this.#frames.push(this.#frame(recorded.data));
        return;
      case 'cumulative':
      case 'start':
      case 'stop':
      case 'threshold':
        // Sums, and what is in the summary.
        return;
    }
  }

  #frame(values: readonly (readonly number[])[]): Frame {
    const names = [...this.#types.keys()].toSorted();
    const metrics = new Map<string, Record<string, number>>();
    for (const [index, name] of names.entries()) {
      const aggregates = this.#parameters?.aggregates[this.#types.get(name) as MetricType] ?? [];
      const own = values[index] ?? [];
      // Nothing was measured of it in this second.
      if (own.length === 0) continue;
      metrics.set(
        name,
        Object.fromEntries(aggregates.map((aggregate, place) => [aggregate, own[place] ?? 0])),
      );
    }
    return { timeMs: metrics.get('time')?.['value'] ?? 0, metrics };
  }
}
