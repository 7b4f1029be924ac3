import { createSpanTracing } from '../src/trace/span-tracing.ts';

type SpanProcessor = Parameters<typeof createSpanTracing>[0];
type EndedSpan = Parameters<SpanProcessor['onEnd']>[0];

/** The page's own tracing, with the spans that it ended in memory. */
export function collectSpans(ratio = 1) {
  const spans: EndedSpan[] = [];
  const tracing = createSpanTracing(
    {
      onStart: () => undefined,
      onEnd: (span) => spans.push(span),
      forceFlush: async () => undefined,
      shutdown: async () => undefined,
    },
    ratio,
  );
  return { tracing, spans };
}
