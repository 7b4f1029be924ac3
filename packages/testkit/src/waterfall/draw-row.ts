import { durationText } from './draw-axis.ts';
import { isFailed, spanNote } from './span-note.ts';
import { cutToFit, element, escaped, pathElement, textElement, widthOf } from './svg.ts';
import {
  barHeight,
  barOf,
  indentOf,
  indentWidth,
  rowHeight,
  type DrawnRow,
  type WaterfallFrame,
} from './waterfall-frame.ts';

const stripeMargin = 6;
const noteGap = 6;
/** How far the line of a text is below its middle. */
const textDrop = 4;

/** What leads the eye from a name to its bar, behind everything else. */
export function drawStripe({ y, isStriped }: DrawnRow, { nameX, plotEndX }: WaterfallFrame): string[] {
  if (!isStriped) return [];
  const [x, width] = [nameX - stripeMargin, plotEndX - nameX + 2 * stripeMargin];
  return [element('rect', { class: 'stripe', x, y: y - rowHeight / 2, width, height: rowHeight })];
}

/** What is told of a span, with its bar; all of it also where a pointer rests on it. */
export function drawRow(row: DrawnRow, frame: WaterfallFrame, isShown: (spanId: string) => boolean): string {
  const { span, y, place, color, startMs, endMs } = row;
  const { nameX, nameWidth, placeX, placeWidth, durationX } = frame;
  const textY = y + textDrop;
  const indent = indentOf(row);
  const bar = barOf(row, frame);
  const failed = isFailed(span) ? ' failed' : '';
  const note = spanNote(span, isShown);
  const duration = durationText(endMs - startMs);
  const told = [`${span.name} (${span.kind}, ${place})`, `at ${durationText(startMs)} for ${duration}`];
  const box = { x: bar.from, y: y - barHeight / 2, width: bar.to - bar.from, height: barHeight, rx: 2 };
  return [
    '<g>',
    `<title>${escaped([...told, ...(note === '' ? [] : [note])].join(', '))}</title>`,
    drawBranch(row, nameX + indent),
    textElement(cutToFit(span.name, nameWidth - indent), {
      class: `name${failed}`,
      x: nameX + indent,
      y: textY,
    }),
    textElement(cutToFit(place, placeWidth), { class: 'place', x: placeX, y: textY }),
    textElement(duration, { class: 'duration', x: durationX, y: textY }),
    element('rect', { class: `bar ${color}${failed}`, ...box }),
    note === '' ? '' : drawNote(note, `note${failed}`, bar, textY, frame),
    '</g>',
  ].join('');
}

/** The line that leads from a span's parent to it. */
function drawBranch({ y, parentRowsAbove }: DrawnRow, nameX: number): string {
  if (parentRowsAbove === undefined) return '';
  const fromY = y - parentRowsAbove * rowHeight + rowHeight / 2 - 2;
  return pathElement('branch', 'M', nameX - indentWidth + 4, fromY, 'V', y, 'H', nameX - 3);
}

/** Behind the bar, or before it where there is no room, or else over it. */
function drawNote(
  note: string,
  className: string,
  bar: { readonly from: number; readonly to: number },
  y: number,
  { plotX, plotEndX }: WaterfallFrame,
): string {
  const width = widthOf(note);
  if (bar.to + noteGap + width <= plotEndX) {
    return textElement(note, { class: className, x: bar.to + noteGap, y });
  }
  if (bar.from - noteGap - width >= plotX) {
    return textElement(note, { class: `${className} before`, x: bar.from - noteGap, y });
  }
  return textElement(cutToFit(note, plotEndX - plotX), { class: `${className} before`, x: plotEndX, y });
}
