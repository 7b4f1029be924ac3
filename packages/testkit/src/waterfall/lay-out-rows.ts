import type { OtlpSpan } from '../otlp/otlp-span.ts';
import type { Places } from './places.ts';
import { inOrderOfStart, spanRows } from './span-rows.ts';
import { rowHeight, type DrawnRow } from './waterfall-frame.ts';

export interface Rows {
  readonly rows: readonly DrawnRow[];
  /** Of each trace, `headingGap` above its rows. */
  readonly headings: readonly { readonly text: string; readonly y: number }[];
  readonly endY: number;
}

export const headingGap = 9;
const headingHeight = 28;

/** One trace below the other, in the order in which they began, the first row at `rowsY`. */
export function layOutRows(
  spans: readonly OtlpSpan[],
  places: Places,
  msOf: (timeNs: bigint) => number,
  rowsY: number,
): Rows {
  const rows: DrawnRow[] = [];
  const headings: Array<Rows['headings'][number]> = [];
  const traces = new Set(spans.toSorted(inOrderOfStart).map(({ traceId }) => traceId));
  let endY = rowsY;
  for (const traceId of traces) {
    if (headings.length > 0) endY += headingHeight;
    headings.push({ text: `trace ${traceId}`, y: endY - headingGap });
    const ofTrace = spanRows(spans.filter((span) => span.traceId === traceId));
    for (const [index, row] of ofTrace.entries()) {
      const { name: place, color } = places.of(row.span);
      rows.push({
        ...row,
        y: endY + rowHeight / 2,
        isStriped: index % 2 === 0,
        place,
        color,
        startMs: msOf(row.span.startNs),
        endMs: msOf(row.span.endNs),
      });
      endY += rowHeight;
    }
  }
  return { rows, headings, endY };
}
