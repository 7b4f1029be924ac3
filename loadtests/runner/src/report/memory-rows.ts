import type { UsageSample } from '../watch-processes.ts';

/** What a process held in memory in the second and in the last quarter of a run: the first one is for warming up. */
export interface MemoryRow {
  readonly name: string;
  readonly earlyMb: number;
  readonly lateMb: number;
}

/** Fewer samples, one for each second, than a median is worth something of. */
const fewestSamples = 40;

/** None of a process that was not there long enough. */
export function memoryRows(samples: readonly UsageSample[]): MemoryRow[] {
  const names = [...new Set(samples.map(({ name }) => name))].toSorted();
  return names.flatMap((name) => {
    const held = samples.filter((sample) => sample.name === name).map(({ rssMb }) => rssMb);
    if (held.length < fewestSamples) return [];
    const quarter = Math.floor(held.length / 4);
    return [
      { name, earlyMb: median(held.slice(quarter, 2 * quarter)), lateMb: median(held.slice(-quarter)) },
    ];
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
