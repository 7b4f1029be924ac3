import type { OtlpSpan } from '../otlp/otlp-span.ts';

export interface SpanRow {
  readonly span: OtlpSpan;
  /** How many of its ancestors are above it. */
  readonly depth: number;
  /** How many rows above it the nearest of them is. */
  readonly parentRowsAbove: number | undefined;
}

/**
 * Each span of one trace once, whatever the parents claim: below its parent, in the order in which they began. Those whose
 * parent is not there begin trees of their own.
 */
export function spanRows(spans: readonly OtlpSpan[]): SpanRow[] {
  const byStart = spans.toSorted(inOrderOfStart);
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const rows: SpanRow[] = [];
  const placed = new Set<OtlpSpan>();
  const place = (span: OtlpSpan, depth: number, parentIndex?: number): void => {
    if (placed.has(span)) return;
    placed.add(span);
    const index = rows.length;
    rows.push({ span, depth, parentRowsAbove: parentIndex === undefined ? undefined : index - parentIndex });
    for (const other of byStart) if (other.parentSpanId === span.spanId) place(other, depth + 1, index);
  };
  for (const span of byStart) if (!ids.has(span.parentSpanId ?? '')) place(span, 0);
  // Who is its own ancestor has no root above it.
  for (const span of byStart) place(span, 0);
  return rows;
}

/** Starts may be known to the millisecond only: of two at once, the one that ended first. */
export function inOrderOfStart(a: OtlpSpan, b: OtlpSpan): number {
  return Number(a.startNs - b.startNs) || Number(a.endNs - b.endNs);
}
