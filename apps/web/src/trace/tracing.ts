import type { Answer } from '../connection/wire.ts';

/** Traces what the page does with messages. It is told neither their texts nor anybody's name. */
export interface Tracing {
  /** A message is handed to the gateway, `again` where it has been before. */
  sending(again: boolean): SendingTrace;
  /** Calls `take`, at once, to put a message that came with `traceparent` into its timeline. */
  hearing(traceparent: string | undefined, take: () => void): void;
}

export interface SendingTrace {
  /** What the message is to carry besides: nothing where it is not sampled. */
  readonly fields: { readonly traceparent?: string };
  /** To be called once. */
  readonly answered: (answer: Answer) => void;
}

export const noTracing: Tracing = {
  sending: () => ({ fields: {}, answered: () => undefined }),
  hearing: (_, take) => take(),
};
