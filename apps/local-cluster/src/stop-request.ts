import type { Clock } from '@sluice/kernel';

export interface StopRequest {
  /** Aborted as soon as somebody asks. */
  readonly signal: AbortSignal;
  /** Resolves with who asked. */
  readonly requested: Promise<string>;
  request(reason: string): void;
}

export interface StopRequestOptions {
  readonly clock: Clock;
  /** Whether the parent's end is a request too. */
  readonly watchParent: boolean;
  /** Somebody asked again: they do not want to wait. */
  readonly onForced: () => void;
}

/**
 * Under npm, one Ctrl-C arrives twice, from the terminal and from npm that passes it on; a person who presses twice takes
 * longer.
 */
const sameRequestMs = 500;
const parentCheckMs = 500;

/** Listens for every way in which `process` may be asked to stop. */
export function createStopRequest(process: NodeJS.Process, options: StopRequestOptions): StopRequest {
  const { clock, watchParent, onForced } = options;
  const controller = new AbortController();
  const { signal: stopping } = controller;
  const requested = new Promise<string>((resolve) => {
    stopping.addEventListener('abort', () => resolve((stopping.reason as Error).message));
  });
  let requestedAt: number | undefined;
  const request = (reason: string): void => {
    requestedAt ??= clock.now();
    controller.abort(new Error(reason));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (requestedAt !== undefined && clock.now() - requestedAt > sameRequestMs) onForced();
      request(signal);
    });
  }
  if (watchParent) {
    const parent = process.ppid;
    const check = (): void => {
      if (process.ppid === parent) clock.schedule(parentCheckMs, check);
      else request('the process that started it is gone');
    };
    clock.schedule(parentCheckMs, check);
  }
  return { signal: stopping, requested, request };
}
