export interface TimeAxis {
  /** Where a time is drawn. */
  x(ms: number): number;
  readonly ticks: readonly { readonly ms: number; readonly x: number }[];
  /** Long stretches in which nothing happened, drawn short. */
  readonly pauses: readonly { readonly fromX: number; readonly toX: number; readonly ms: number }[];
}

/** From and to, in milliseconds. */
export type Interval = readonly [number, number];

interface Segment {
  readonly fromMs: number;
  readonly toMs: number;
  readonly fromX: number;
}

const pauseWidth = 30;
const pauseMargin = 6;
const tickSpacing = 62;
/** A pause is left out where it is longer than this part of all the time in which something happened. */
const leastPause = 0.5;
/** Beyond these, only the longest. */
const maxPauses = 4;

/**
 * Draws time between `fromX` and `toX` on one scale, but for long pauses between the intervals of `busy`, which may overlap and
 * come in any order.
 */
export function createTimeAxis(busy: readonly Interval[], fromX: number, toX: number): TimeAxis {
  const stretches = withoutPauses(busy);
  const shownMs = stretches.reduce((sum, [from, to]) => sum + to - from, 0);
  const width = toX - fromX - (stretches.length - 1) * (pauseWidth + 2 * pauseMargin);
  // Where all is over in no time, that is a millisecond.
  const pxPerMs = Math.max(1, width) / (shownMs > 0 ? shownMs : 1);
  const segments: Segment[] = [];
  const pauses: Array<TimeAxis['pauses'][number]> = [];
  let at = fromX;
  let lastMs: number | undefined;
  for (const [fromMs, toMs] of stretches) {
    if (lastMs !== undefined) {
      pauses.push({ fromX: at + pauseMargin, toX: at + pauseMargin + pauseWidth, ms: fromMs - lastMs });
      at += pauseWidth + 2 * pauseMargin;
    }
    segments.push({ fromMs, toMs, fromX: at });
    at += (toMs - fromMs) * pxPerMs;
    lastMs = toMs;
  }
  const x = (ms: number): number => {
    const segment = segments.findLast(({ fromMs }) => fromMs <= ms) ?? segments[0];
    return segment === undefined ? fromX : segment.fromX + (ms - segment.fromMs) * pxPerMs;
  };
  const stepMs = roundStep(tickSpacing / pxPerMs);
  const ticks = segments.flatMap(({ fromMs, toMs }) => {
    const first = Math.ceil(fromMs / stepMs);
    const count = Math.max(0, Math.floor(toMs / stepMs) - first + 1);
    return Array.from({ length: count }, (_, index) => {
      const ms = (first + index) * stepMs;
      return { ms, x: x(ms) };
    });
  });
  return { x, ticks, pauses };
}

/** What of time is left once long pauses are taken out, in order. */
function withoutPauses(busy: readonly Interval[]): Interval[] {
  const merged = merge(busy, 0);
  const busyMs = merged.reduce((sum, [from, to]) => sum + to - from, 0);
  if (busyMs === 0) return merge(merged, Infinity);
  const gaps = merged.slice(1).map(([from], index) => from - (merged[index]?.[1] ?? from));
  const longest = gaps.toSorted((a, b) => b - a);
  return merge(merged, Math.max(busyMs * leastPause, longest[maxPauses] ?? 0));
}

function merge(intervals: readonly Interval[], gapMs: number): Interval[] {
  const merged: Array<[number, number]> = [];
  for (const [from, to] of intervals.toSorted(([a], [b]) => a - b)) {
    const last = merged.at(-1);
    if (last !== undefined && from - last[1] <= gapMs) last[1] = Math.max(last[1], to);
    else merged.push([from, Math.max(from, to)]);
  }
  return merged;
}

/** The least of 1, 2, 5, 10, 20 and so on, and their fractions, that is no less. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5].map((factor) => factor * power).find((step) => step >= least * 0.999) ?? 10 * power;
}
