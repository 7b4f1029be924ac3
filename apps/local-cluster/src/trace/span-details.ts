import type { AttributeValue, TraceSpan } from './otlp-spans.ts';
import type { TracePart } from './trace-assembly.ts';

const shownLinks = 3;
const idLength = 8;

/** What is worth seeing of a span beside its name and times, in few words each. */
export function describeSpan(span: TraceSpan, part: TracePart, arrow: string): string[] {
  const { attributes, error } = span;
  const said = ['sluice.outcome', 'sluice.recovery.outcome', 'error.type'].map((key) => attributes.get(key));
  // The same code is often the outcome, the type and the text of an error.
  const outcomes = [...new Set([...said, error])].filter((text) => text !== undefined && text !== '');
  return [
    ...outcomes.map(String),
    ...(error === '' && outcomes.length === 0 ? ['error'] : []),
    ...(attributes.get('sluice.resend') === true ? ['sent again'] : []),
    ...(attributes.get('sluice.duplicate') === true ? ['duplicate'] : []),
    ...counted(attributes.get('sluice.recipients'), 'recipient'),
    ...counted(attributes.get('sluice.replay.events'), 'event'),
    ...shown(attributes.get('network.protocol.name')),
    ...shown(attributes.get('http.response.status_code')),
    // Of the span that put it there: all that hear of it repeat it.
    ...(attributes.get('messaging.operation.type') === 'send'
      ? shown(attributes.get('messaging.message.id'))
      : []),
    ...describeLinks(span, part, arrow),
    ...describeParent(span, part),
  ];
}

/** A link that says no more than the tree does is left out. */
function describeLinks({ links, parentId }: TraceSpan, part: TracePart, arrow: string): string[] {
  const others = links.filter(({ spanId }) => spanId !== parentId);
  const names = others.map(({ traceId, spanId }) =>
    traceId === part.traceId
      ? (part.nameOf(spanId) ?? spanId.slice(0, idLength))
      : traceId.slice(0, idLength),
  );
  const targets = [...new Set(names)];
  if (targets.length === 0) return [];
  const more = targets.length - shownLinks;
  return [`${arrow} ${targets.slice(0, shownLinks).join(' ')}${more > 0 ? ` and ${more} more` : ''}`];
}

/** Of one that comes later than its parent, which is then not above it. */
function describeParent({ parentId }: TraceSpan, { spans, nameOf }: TracePart): string[] {
  if (parentId === undefined || spans.some(({ spanId }) => spanId === parentId)) return [];
  const parent = nameOf(parentId);
  return parent === undefined ? [] : [`of ${parent}`];
}

function counted(value: AttributeValue | undefined, noun: string): string[] {
  return value === undefined ? [] : [`${value} ${noun}${value === 1 ? '' : 's'}`];
}

function shown(value: AttributeValue | undefined): string[] {
  return value === undefined ? [] : [String(value)];
}
