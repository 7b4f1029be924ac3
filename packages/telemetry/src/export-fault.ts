import type { ExportResult } from '@opentelemetry/core';

/**
 * The result of an export without what the collector answered, be it as a body or as a reason phrase: it may repeat what it
 * was sent, a key in the headers first of all.
 */
export function withoutAnswer(result: ExportResult): ExportResult {
  return result.error === undefined ? result : { ...result, error: new Error(faultOf(result.error)) };
}

function faultOf(error: Error): string {
  const { code } = error as { code?: unknown };
  if (typeof code === 'number') return `the collector answered ${code}`;
  // Node repeats a header that is none.
  return typeof code === 'string' && code.startsWith('ERR_') ? code : error.message;
}
