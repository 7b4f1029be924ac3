import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { repositoryPath } from '@sluice/testkit';
import {
  faultOperations,
  logCatalogue,
  metricCatalogue,
  spanCatalogue,
  type MetricEntry,
} from '../src/index.ts';

function sourcesOf(folder: string): string {
  const root = repositoryPath(folder);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  return files.map((name) => readFileSync(`${root}/${name}`, 'utf8')).join('\n');
}

function unique(found: readonly string[]): string[] {
  return [...new Set(found)].toSorted();
}

/** The calls of a logger: their level, where it does not depend on how often they were made, and their text. */
function logCallsIn(source: string): { readonly level: string | undefined; readonly text: string }[] {
  return [...source.matchAll(/\blogger(?:\.(\w+)|\[[^\]]+\])\(/g)].map((call) => {
    const from = call.index + call[0].length;
    let end = from;
    for (let open = 1; open > 0 && end < source.length; end += 1) {
      if (source[end] === '(') open += 1;
      if (source[end] === ')') open -= 1;
    }
    // The text comes last.
    return { level: call[1], text: /'([^']+)',?\s*$/.exec(source.slice(from, end - 1))?.[1] ?? call[0] };
  });
}

describe('the lines that a gateway logs', () => {
  const calls = logCallsIn(sourcesOf('apps/gateway/src'));

  test('are those of the catalogue', () => {
    const listed = logCatalogue.map(({ message }) => message);
    expect(unique(calls.map(({ text }) => text))).toEqual(unique(listed));
  });

  test('are of the level that stands there', () => {
    const levels = new Map<string, string>(logCatalogue.map(({ message, level }) => [message, level]));
    const wrong = calls.filter(({ level, text }) => level !== undefined && levels.get(text) !== level);
    expect(wrong).toEqual([]);
  });
});

test('the operations that the cluster drivers report as failed are those of the catalogue', () => {
  const sources = sourcesOf('packages/cluster-adapter/src');
  const reported = [
    ...sources.matchAll(/\boperation: '([^']+)',\s+cause\b/g),
    ...sources.matchAll(/#(?:fault|unanswered|unattended)\(\s*'([^']+)'/g),
    // What one node has others do is reported by its name, too.
    ...sources.matchAll(/\bop: ((?:'\w+'(?: \| )?)+);/g),
  ].flatMap(([, names = '']) => names.split(' | ').map((name) => name.replaceAll("'", '')));
  // Of the gateway's own: a listener that failed, and what stands for names that are not listed.
  expect(unique([...reported, 'deliver', 'other'])).toEqual(unique(faultOperations));
});

describe('the catalogue', () => {
  const metrics: readonly MetricEntry[] = Object.values(metricCatalogue);

  test('names each entry once', () => {
    const names = metrics.map(({ name }) => name as string);
    const spans = spanCatalogue.map(({ name, kind }) => `${kind} ${name}`);
    const lines = logCatalogue.map(({ message }) => message);
    for (const all of [names, spans, lines]) expect(all).toEqual([...new Set(all)]);
  });

  test('names metrics as Prometheus has it: counters end in _total, and units are base units', () => {
    const wrong = metrics.filter(({ name, type }) => {
      const isCounterName = name.endsWith('_total');
      const hasOtherUnit = /_(ms|milliseconds|kilobytes|megabytes|percent)(_|$)/.test(name);
      return isCounterName !== (type === 'counter') || hasOtherUnit || /_(sum|count|bucket)$/.test(name);
    });
    expect(wrong).toEqual([]);
  });

  test('bounds what a metric can cost: few labels, few values, buckets in order', () => {
    for (const entry of metrics) {
      const values = Object.values(entry.labels);
      expect(values.length).toBeLessThanOrEqual(2);
      for (const list of values) expect(list).toEqual([...new Set(list)]);
      expect(values.reduce((series, list) => series * list.length, 1)).toBeLessThanOrEqual(100);
      if (entry.type === 'histogram') {
        expect(entry.buckets).toEqual(entry.buckets.toSorted((a, b) => a - b));
        expect(entry.labels).not.toHaveProperty('le');
      }
    }
  });
});
