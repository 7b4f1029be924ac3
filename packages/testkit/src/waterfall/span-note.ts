import type { OtlpSpan } from '../otlp/otlp-span.ts';

const outcomeKeys = ['sluice.outcome', 'sluice.recovery.outcome', 'error.type', 'db.response.status_code'];

/** What is worth reading of a span beside its name, place and times: few words, often none. */
export function spanNote(span: OtlpSpan, isShown: (spanId: string) => boolean): string {
  const { attributes, status, parentSpanId, links } = span;
  const outcomes = [...outcomeKeys.map((key) => attributes[key]), status.code === 'ERROR' && status.message]
    .filter((outcome) => typeof outcome === 'string')
    .filter((outcome) => outcome !== '' && outcome !== 'ok');
  const missing = links.filter(({ spanId }) => !isShown(spanId)).length;
  return [
    // The same code is often the outcome, the type and the text of an error.
    ...new Set(outcomes),
    ...counted(attributes['sluice.recipients'], 'recipient'),
    ...counted(attributes['sluice.replay.events'], 'event'),
    ...(parentSpanId === undefined || isShown(parentSpanId) ? [] : [`parent ${parentSpanId} is not here`]),
    ...(missing === 0 ? [] : counted(missing, 'link').map((text) => `${text} to what is not here`)),
  ].join(', ');
}

/** A refusal has a type, and no status of an error: the gateway did what it should. */
export function isFailed({ attributes, status }: OtlpSpan): boolean {
  return status.code === 'ERROR' || attributes['error.type'] !== undefined;
}

function counted(value: unknown, noun: string): string[] {
  return typeof value === 'number' ? [`${value} ${noun}${value === 1 ? '' : 's'}`] : [];
}
