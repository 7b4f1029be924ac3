import type { OtlpSpan } from '../otlp/otlp-span.ts';
import { colorClass } from './waterfall-style.ts';

/** Where something happened. */
export interface Place {
  readonly name: string;
  /** The class that has its colour. */
  readonly color: string;
}

export interface Places {
  /** In the order of their colours. */
  readonly all: readonly Place[];
  of(span: OtlpSpan): Place;
}

/** The places of `spans`, which have the same colours whichever of `names` are among them. */
export function findPlaces(spans: readonly OtlpSpan[], names: ReadonlyMap<string, string>): Places {
  const seen = new Set(spans.map(placeKey));
  const places = new Map<string, Place>();
  for (const [index, key] of [...new Set([...names.keys(), ...seen])].entries()) {
    if (seen.has(key)) places.set(key, { name: names.get(key) ?? key, color: colorClass(index) });
  }
  return {
    all: [...places.values()],
    of: (span) => places.get(placeKey(span)) ?? { name: 'unknown', color: colorClass(0) },
  };
}

/** What a person thinks of as the place of a command is the database, though the span is its caller's. */
function placeKey({ attributes, resource }: OtlpSpan): string {
  const names = [attributes['db.system.name'], resource['service.instance.id'], resource['service.name']];
  return names.find((name) => typeof name === 'string') ?? 'unknown';
}
