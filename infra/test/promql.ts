import { metricCatalogue, type MetricEntry } from '@sluice/telemetry';

/** Set by Prometheus, and `le` by histograms. */
const everywhere = ['job', 'instance', 'le'];
const entries: readonly MetricEntry[] = Object.values(metricCatalogue);

/** The metrics of ours that an expression of PromQL reads, as they are named at `/metrics`. */
export function metricNames(expression: string): string[] {
  // Not the names of recorded series, which have colons.
  return [...expression.matchAll(/(?<![\w:])sluice_\w+(?![\w:])/g)].map(([name]) => name);
}

/** The entry of the catalogue that a name at `/metrics` belongs to. */
export function entryOf(name: string): MetricEntry | undefined {
  return entries.find(
    (entry) =>
      entry.name === name ||
      (entry.type === 'histogram' && new RegExp(`^${entry.name}_(bucket|sum|count)$`).test(name)),
  );
}

/** What an expression asks for that no gateway ever has: metrics, labels, values of labels. */
export function unknownIn(expression: string): string[] {
  const unknown = metricNames(expression).filter((name) => entryOf(name) === undefined);
  for (const [, name = '', matchers = ''] of expression.matchAll(/(?<![\w:])(sluice_\w+)\{([^}]*)\}/g)) {
    const labels = entryOf(name)?.labels ?? {};
    for (const [, label = '', operator = '', value = ''] of matchers.matchAll(
      /(\w+)(=~|!~|!=|=)"([^"]*)"/g,
    )) {
      if (everywhere.includes(label)) continue;
      const values = operator.includes('~') ? value.split('|') : [value];
      const known = labels[label] ?? [];
      unknown.push(
        ...values.filter((one) => !known.includes(one)).map((one) => `${name}{${label}="${one}"}`),
      );
    }
  }
  const labels = metricNames(expression).flatMap((name) => Object.keys(entryOf(name)?.labels ?? {}));
  for (const [, list = ''] of expression.matchAll(/\bby \(([^)]*)\)/g)) {
    const wanted = list.split(',').map((label) => label.trim());
    // What is by labels of the front or of the Collector is theirs to have.
    if (labels.length === 0) continue;
    unknown.push(...wanted.filter((label) => ![...everywhere, ...labels].includes(label)));
  }
  return unknown;
}
