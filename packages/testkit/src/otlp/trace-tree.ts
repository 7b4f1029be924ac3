import type { OtlpSpan } from './otlp-span.ts';

/**
 * Spans as text, for the messages of failing tests: a line for each with its name, kind, instance and duration, below the
 * span it is a child of; a parent that is not among them is named.
 */
export function traceTree(spans: readonly OtlpSpan[]): string {
  if (spans.length === 0) return 'no spans';
  const traces = new Set(spans.map(({ traceId }) => traceId));
  return [...traces]
    .map((traceId) => {
      const ofTrace = spans.filter((span) => span.traceId === traceId);
      return [`trace ${traceId}`, ...treeLines(ofTrace)].join('\n');
    })
    .join('\n');
}

function treeLines(spans: readonly OtlpSpan[]): string[] {
  const inOrder = spans.toSorted((a, b) => Number(a.startNs - b.startNs));
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  const lines: string[] = [];
  const shown = new Set<OtlpSpan>();
  const show = (span: OtlpSpan, depth: number): void => {
    if (shown.has(span)) return;
    shown.add(span);
    lines.push(`${'  '.repeat(depth)}${lineOf(span, names)}`);
    for (const other of inOrder) if (other.parentSpanId === span.spanId) show(other, depth + 1);
  };
  for (const span of inOrder) if (!names.has(span.parentSpanId ?? '')) show(span, 1);
  // Spans that are each other's ancestors, as a broken propagation makes them.
  for (const span of inOrder) show(span, 1);
  return lines;
}

function lineOf(span: OtlpSpan, names: ReadonlyMap<string, string>): string {
  const { name, kind, resource, parentSpanId, status, links } = span;
  const wheres = [resource['service.instance.id'], resource['service.name'], 'unknown'];
  const where = wheres.find((candidate) => typeof candidate === 'string');
  const durationMs = Number(span.endNs - span.startNs) / 1e6;
  return [
    `${name}  ${kind}  ${where}  ${durationMs.toFixed(1)} ms`,
    ...(parentSpanId === undefined || names.has(parentSpanId) ? [] : [`parent ${parentSpanId} is not here`]),
    ...(status.code === 'UNSET' ? [] : [`${status.code} ${status.message}`.trimEnd()]),
    ...links.map((link) => `link to ${names.get(link.spanId) ?? `span ${link.spanId} of ${link.traceId}`}`),
  ].join(', ');
}
