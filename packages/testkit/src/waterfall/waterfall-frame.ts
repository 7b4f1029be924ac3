import type { SpanRow } from './span-rows.ts';
import { widthOf } from './svg.ts';
import { createTimeAxis, type TimeAxis } from './time-axis.ts';

export const rowHeight = 22;
export const barHeight = 12;
export const indentWidth = 14;

/** A row, where it is drawn. */
export interface DrawnRow extends SpanRow {
  /** Its middle. */
  readonly y: number;
  readonly isStriped: boolean;
  /** What its place is called. */
  readonly place: string;
  /** The class that has its colour. */
  readonly color: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** Where the columns of a waterfall are, and its times. */
export interface WaterfallFrame {
  readonly nameX: number;
  readonly nameWidth: number;
  readonly placeX: number;
  readonly placeWidth: number;
  /** Where durations end. */
  readonly durationX: number;
  readonly plotX: number;
  readonly plotEndX: number;
  /** The line that has the times. */
  readonly timesY: number;
  readonly rowsY: number;
  readonly rowsEndY: number;
  readonly axis: TimeAxis;
}

const columnGap = 14;
const plotGap = 22;
// The ids of traces stand above.
const minNameWidth = 180;
const maxNameWidth = 300;
const maxPlaceWidth = 110;
const durationWidth = 56;
// More would leave no room for names.
const maxIndents = 10;
const leastBarWidth = 3;

/** Gives names and places as much room as they need, within limits, and the bars what is left. */
export function createFrame(
  rows: readonly DrawnRow[],
  moments: readonly { readonly ms: number }[],
  box: {
    readonly x: number;
    readonly endX: number;
    readonly timesY: number;
    readonly rowsY: number;
    readonly rowsEndY: number;
  },
): WaterfallFrame {
  const widest = (width: (row: DrawnRow) => number): number => Math.max(0, ...rows.map(width));
  const widestName = widest((row) => indentOf(row) + widthOf(row.span.name));
  const nameWidth = Math.min(maxNameWidth, Math.max(minNameWidth, widestName));
  const placeX = box.x + nameWidth + columnGap;
  const placeWidth = Math.min(
    maxPlaceWidth,
    widest(({ place }) => widthOf(place)),
  );
  const durationX = placeX + placeWidth + columnGap + durationWidth;
  const plotX = durationX + plotGap;
  const busy = [
    ...rows.map(({ startMs, endMs }) => [startMs, endMs] as const),
    ...moments.map(({ ms }) => [ms, ms] as const),
  ];
  return {
    nameX: box.x,
    nameWidth,
    placeX,
    placeWidth,
    durationX,
    plotX,
    plotEndX: box.endX,
    timesY: box.timesY,
    rowsY: box.rowsY,
    rowsEndY: box.rowsEndY,
    axis: createTimeAxis(busy, plotX, box.endX - leastBarWidth),
  };
}

export function indentOf({ depth }: SpanRow): number {
  return Math.min(depth, maxIndents) * indentWidth;
}

/** Where a row's bar begins and ends. */
export function barOf({ startMs, endMs }: DrawnRow, { axis }: WaterfallFrame): { from: number; to: number } {
  const from = axis.x(startMs);
  return { from, to: Math.max(axis.x(endMs), from + leastBarWidth) };
}
