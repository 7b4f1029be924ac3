import type { TraceSpan } from './otlp-spans.ts';
import { describeSpan } from './span-details.ts';
import type { TracePart } from './trace-assembly.ts';

export interface TreeStyle {
  readonly colors: boolean;
  /** Whether the lines of the tree may be drawn with characters beyond ASCII. */
  readonly unicode: boolean;
}

interface Node {
  readonly span: TraceSpan;
  readonly children: readonly Node[];
}

interface Row {
  readonly span: TraceSpan;
  /** The lines that lead to it. */
  readonly branch: string;
  readonly cells: readonly string[];
  readonly details: readonly string[];
}

type Paint = (text: string) => string;

const glyphs = {
  unicode: { middle: '├─ ', last: '└─ ', past: '│  ', ellipsis: '…', arrow: '→' },
  ascii: { middle: '|- ', last: '`- ', past: '|  ', ellipsis: '...', arrow: '->' },
};
const beyond = '   ';
const idLength = 8;
const titles = { message: 'message:send', connection: 'connect' };

/** The spans of one part of a trace, each under the one that caused it, in the order in which they began. */
export function renderTree(part: TracePart, style: TreeStyle): string {
  const { middle, last, past, ellipsis, arrow } = style.unicode ? glyphs.unicode : glyphs.ascii;
  const paint = painter(style.colors);
  const rows: Row[] = [];
  const visit = (nodes: readonly Node[], lead: string): void => {
    for (const [index, { span, children }] of nodes.entries()) {
      const isLast = index === nodes.length - 1;
      rows.push({
        span,
        branch: lead + (isLast ? last : middle),
        cells: [
          span.name,
          processOf(span),
          offset(span.startMs - part.beganAtMs),
          `${tenths(span.endMs - span.startMs)} ms`,
        ].map(printable),
        details: describeSpan(span, part, arrow).map(printable),
      });
      visit(children, lead + (isLast ? beyond : past));
    }
  };
  visit(forestOf(part.spans), '');

  const title = titles[part.kind];
  const heading = part.isLater
    ? `${ellipsis} later: ${title}`
    : `${title} in ${tenths(Math.max(...part.spans.map(({ endMs }) => endMs)) - part.beganAtMs)} ms`;
  return [
    `${paint.bold(heading)}  ${paint.dim(`trace ${part.traceId.slice(0, idLength)}`)}`,
    ...layOut(rows, paint),
    ...(part.omitted === 0 ? [] : [`${ellipsis} and ${part.omitted} more spans`]),
  ].join('\n');
}

/** Spans whose parent is not among them come first in their trees. Each is in it once, whatever the parents claim. */
function forestOf(spans: readonly TraceSpan[]): Node[] {
  // Starts may be known to the millisecond only: of two at once, the one that ended first.
  const byStart = spans.toSorted((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const placed = new Set<TraceSpan>();
  const grow = (span: TraceSpan): Node => {
    placed.add(span);
    const children = byStart.filter((other) => other.parentId === span.spanId && !placed.has(other));
    return { span, children: children.map(grow) };
  };
  const roots = byStart.filter(({ parentId }) => parentId === undefined || !ids.has(parentId)).map(grow);
  // Who is its own ancestor has no root above it.
  for (const span of byStart) if (!placed.has(span)) roots.push(grow(span));
  return roots;
}

function layOut(rows: readonly Row[], paint: Record<'bold' | 'dim' | 'red' | 'cyan', Paint>): string[] {
  const widest = (width: (row: Row) => number): number => Math.max(...rows.map(width));
  const cell = ({ cells }: Row, index: number): string => cells[index] ?? '';
  const nameWidth = widest((row) => row.branch.length + cell(row, 0).length);
  const [processWidth, offsetWidth, durationWidth] = [1, 2, 3].map((n) =>
    widest((row) => cell(row, n).length),
  ) as [number, number, number];
  return rows.map((row) => {
    const mark: Paint = isFailed(row.span) ? paint.red : (text) => text;
    return [
      paint.dim(row.branch) + mark(cell(row, 0).padEnd(nameWidth - row.branch.length)),
      paint.cyan(cell(row, 1).padEnd(processWidth)),
      paint.dim(cell(row, 2).padStart(offsetWidth)),
      cell(row, 3).padStart(durationWidth),
      mark(row.details.join(', ')),
    ]
      .join('  ')
      .trimEnd();
  });
}

function painter(colors: boolean): Record<'bold' | 'dim' | 'red' | 'cyan', Paint> {
  const sgr =
    (code: number): Paint =>
    (text) =>
      colors && text !== '' ? `\u001B[${code}m${text}\u001B[0m` : text;
  return { bold: sgr(1), dim: sgr(2), red: sgr(31), cyan: sgr(36) };
}

/** What a person thinks of as the place of a command is the database, though the span is its caller's. */
function processOf({ attributes, process }: TraceSpan): string {
  return String(attributes.get('db.system.name') ?? process);
}

/** A refusal has a type, and no status of an error: the gateway did what it should. */
function isFailed({ error, attributes }: TraceSpan): boolean {
  return error !== undefined || attributes.has('error.type');
}

function offset(ms: number): string {
  const text = tenths(ms);
  return ms < 0 ? text : `+${text}`;
}

function tenths(ms: number): string {
  return ms.toFixed(1);
}

/** Names come from whoever reaches the receiver: none of them may steer the terminal. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}
