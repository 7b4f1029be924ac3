import { closeSync, openSync, readSync } from 'node:fs';
import { Journal } from '../journal.ts';
import type { Scope } from '../scope.ts';
import { readSpans, type OtlpSpan, type WireTraces } from './otlp-span.ts';

const readEveryMs = 50;

/** Follows a file that the Collector's file exporter writes, which has a message of OTLP/JSON per line, until `scope` closes. */
export function followSpans(
  scope: Scope,
  path: string,
): { readonly spans: Journal<OtlpSpan>; readonly readRest: () => void } {
  const spans = new Journal<OtlpSpan>();
  const file = openSync(path, 'r');
  const chunk = Buffer.alloc(64 * 1024);
  let unfinished = Buffer.alloc(0);
  const readRest = (): void => {
    for (let bytes = readSync(file, chunk); bytes > 0; bytes = readSync(file, chunk)) {
      unfinished = Buffer.concat([unfinished, chunk.subarray(0, bytes)]);
    }
    const end = unfinished.lastIndexOf('\n') + 1;
    const lines = unfinished.toString('utf8', 0, end).split('\n').slice(0, -1);
    unfinished = unfinished.subarray(end);
    for (const line of lines) readSpans(JSON.parse(line) as WireTraces).forEach((span) => spans.add(span));
  };
  const timer = setInterval(readRest, readEveryMs);
  scope.onClose(() => {
    clearInterval(timer);
    closeSync(file);
  });
  return { spans, readRest };
}
