import type { HistoryEvent } from './recorded-history.ts';

/** An event before it has its time. */
export type Happening = HistoryEvent extends infer Event
  ? Event extends HistoryEvent
    ? Omit<Event, 'atMs'>
    : never
  : never;

export interface Recorder {
  readonly events: readonly HistoryEvent[];
  record(happening: Happening): void;
}

/** Takes down what happens in one process, in one order, with the time since it began. */
export function createRecorder(): Recorder {
  const began = performance.now();
  const events: HistoryEvent[] = [];
  return {
    events,
    record: (happening) => events.push({ atMs: performance.now() - began, ...happening }),
  };
}
