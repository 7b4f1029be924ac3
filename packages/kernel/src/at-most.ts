import type { Clock } from './clock.ts';

/**
 * Resolves once `work` has settled, or after `delayMs` without it. Never rejects: what becomes of `work` is for whoever began it
 * to hear.
 */
export async function atMost(delayMs: number, work: Promise<unknown>, clock: Clock): Promise<void> {
  let cancel: (() => void) | undefined;
  const late = new Promise<void>((resolve) => {
    cancel = clock.schedule(delayMs, resolve);
  });
  const settled = work.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([settled, late]);
  cancel?.();
}
