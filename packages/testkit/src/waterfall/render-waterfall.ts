import type { OtlpSpan } from '../otlp/otlp-span.ts';
import { drawGrid, drawMoments, drawTimes, momentHeight, pausesHeight } from './draw-axis.ts';
import { drawLegend } from './draw-legend.ts';
import { drawLinks } from './draw-links.ts';
import { drawRow, drawStripe } from './draw-row.ts';
import { headingGap, layOutRows } from './lay-out-rows.ts';
import { findPlaces } from './places.ts';
import { inOrderOfStart } from './span-rows.ts';
import { element, escaped, textElement } from './svg.ts';
import { createFrame } from './waterfall-frame.ts';
import { waterfallStyle } from './waterfall-style.ts';

export interface WaterfallOptions {
  readonly title: string;
  /** What happened besides. */
  readonly moments?: readonly WaterfallMoment[];
  /**
   * What databases, instances and services are called, by their own names, in the order in which they get colours. Others come
   * after them, under their own names.
   */
  readonly places?: ReadonlyMap<string, string>;
  /** What one has to know to read it, a line each. */
  readonly remarks?: readonly string[];
}

export interface WaterfallMoment {
  readonly timeNs: bigint;
  readonly text: string;
}

const width = 900;
const margin = 16;
const titleY = 30;
const legendY = 44;
const timesHeight = 18;
const remarkHeight = 16;

/**
 * Spans as trace viewers show them: a row for each, below the span that caused it, with a bar for its time in the colour of
 * where it happened. Traces come one below the other, in the order in which they began, on one axis of time, whose zero is
 * where the first span begins. An SVG.
 */
export function renderWaterfall(spans: readonly OtlpSpan[], options: WaterfallOptions): string {
  const { title, moments = [], places: names = new Map(), remarks = [] } = options;
  const zeroNs = spans.toSorted(inOrderOfStart)[0]?.startNs ?? 0n;
  const msOf = (timeNs: bigint): number => Number(timeNs - zeroNs) / 1e6;
  const happened = moments.map(({ timeNs, text }) => ({ ms: msOf(timeNs), text }));

  const [x, endX] = [margin, width - margin];
  const places = findPlaces(spans, names);
  const hasLinks = spans.some(({ links }) => links.length > 0);
  const legend = drawLegend(places.all, hasLinks, { x, y: legendY, endX });
  const timesY = legendY + legend.height + moments.length * momentHeight + timesHeight;
  const rowsY = timesY + headingGap;
  const { rows, headings, endY: rowsEndY } = layOutRows(spans, places, msOf, rowsY);
  const frame = createFrame(rows, happened, { x, endX, timesY, rowsY, rowsEndY });
  const remarksY = rowsEndY + (frame.axis.pauses.length > 0 ? pausesHeight : 0);
  const height = remarksY + margin + remarks.length * remarkHeight;
  const shown = new Set(spans.map(({ spanId }) => spanId));

  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    waterfallStyle,
    element('rect', { class: 'paper', x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 6 }),
    textElement(title, { class: 'title', x, y: titleY }),
    ...legend.parts,
    ...headings.map(({ text, y }) => textElement(text, { class: 'trace', x, y })),
    ...rows.flatMap((row) => drawStripe(row, frame)),
    ...drawGrid(frame),
    ...drawLinks(rows, frame),
    ...drawMoments(happened, frame),
    ...drawTimes(frame),
    ...rows.map((row) => drawRow(row, frame, (spanId) => shown.has(spanId))),
    ...remarks.map((text, index) =>
      textElement(text, { class: 'remark', x, y: remarksY + (index + 1) * remarkHeight + 2 }),
    ),
    '</svg>\n',
  ].join('\n');
}
