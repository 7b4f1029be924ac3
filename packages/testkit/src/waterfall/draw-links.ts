import { element, pathElement } from './svg.ts';
import { barHeight, barOf, type DrawnRow, type WaterfallFrame } from './waterfall-frame.ts';

/** Each from what is linked to, as late as it is no later than the span that links to it, to the start of that span. */
export function drawLinks(rows: readonly DrawnRow[], frame: WaterfallFrame): string[] {
  return rows.flatMap((row) =>
    row.span.links.flatMap((link) => {
      const target = rows.find(({ span }) => span.spanId === link.spanId && span.traceId === link.traceId);
      return target === undefined || target === row ? [] : drawLink(target, row, frame);
    }),
  );
}

function drawLink(target: DrawnRow, row: DrawnRow, frame: WaterfallFrame): string[] {
  const bar = barOf(target, frame);
  const toX = barOf(row, frame).from + 1;
  const fromX = Math.min(Math.max(toX, bar.from), bar.to);
  const down = row.y > target.y ? 1 : -1;
  const fromY = target.y + (down * barHeight) / 2;
  const toY = row.y - (down * barHeight) / 2;
  const middleY = (fromY + toY) / 2;
  return [
    pathElement('link', 'M', fromX, fromY, 'C', fromX, middleY, toX, middleY, toX, toY),
    element('circle', { class: 'end', cx: fromX, cy: fromY, r: 2 }),
    pathElement('end', 'M', toX, toY, 'l', -3.5, -6 * down, 'h', 7, 'z'),
  ];
}
