import { element, textElement, widthOf } from './svg.ts';
import type { WaterfallFrame } from './waterfall-frame.ts';

/** Something that happened beside the spans. */
export interface Moment {
  readonly ms: number;
  readonly text: string;
}

export const momentHeight = 18;
/** What the lengths of pauses take below the rows. */
export const pausesHeight = 30;

/** Lines through the rows at round times, and strips for the pauses that are left out. Behind everything else. */
export function drawGrid({ axis, rowsY, rowsEndY }: WaterfallFrame): string[] {
  return [
    ...axis.pauses.map(({ fromX, toX }) =>
      element('rect', { class: 'idle', x: fromX, y: rowsY, width: toX - fromX, height: rowsEndY - rowsY }),
    ),
    ...axis.ticks.map(({ x }) => element('line', { class: 'grid', x1: x, x2: x, y1: rowsY, y2: rowsEndY })),
  ];
}

/** Times above the rows, as many as have room, and below them how long the pauses were. */
export function drawTimes({ axis, timesY, rowsEndY }: WaterfallFrame): string[] {
  let freeFromX = -Infinity;
  const times = axis.ticks.flatMap(({ ms, x }) => {
    const text = `${Number(ms.toPrecision(6))} ms`;
    const half = widthOf(text) / 2;
    if (x - half < freeFromX) return [];
    freeFromX = x + half;
    return [textElement(text, { class: 'time', x, y: timesY })];
  });
  const pauses = axis.pauses.flatMap(({ fromX, toX, ms }) =>
    [durationText(ms), 'left out'].map((text, line) =>
      textElement(text, { class: 'pause', x: (fromX + toX) / 2, y: rowsEndY + 13 + line * 13 }),
    ),
  );
  return [...times, ...pauses];
}

/** Each with a line of its own above the times, from where one goes down through the rows. */
export function drawMoments(moments: readonly Moment[], frame: WaterfallFrame): string[] {
  const { axis, timesY, rowsEndY, plotEndX } = frame;
  return moments.flatMap(({ ms, text }, index) => {
    const x = axis.x(ms);
    const y = timesY - momentHeight * (moments.length - index);
    const fits = x + 6 + widthOf(text) <= plotEndX;
    return [
      element('line', { class: 'moment', x1: x, x2: x, y1: y - 10, y2: rowsEndY }),
      textElement(text, { class: fits ? 'happened' : 'happened before', x: fits ? x + 6 : x - 6, y }),
    ];
  });
}

/** With as many digits as tell something. */
export function durationText(ms: number): string {
  const size = Math.abs(ms);
  if (size >= 1_000) return `${(ms / 1_000).toFixed(1)} s`;
  const digits = size >= 100 ? 0 : size >= 1 ? 1 : 2;
  return `${ms.toFixed(digits)} ms`;
}
