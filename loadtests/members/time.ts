import { setTimeout } from 'k6/timers';

/** Resolves after `ms`; others of the VU go on meanwhile, which k6's own `sleep` would not let them. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, ms));
  });
}

/** Resolves at `timeMs`, milliseconds since the epoch; at once where that has passed. */
export function untilTime(timeMs: number): Promise<void> {
  return pause(timeMs - Date.now());
}
