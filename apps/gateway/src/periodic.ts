import type { Lifecycle } from '@sluice/kernel';

/** Runs `task` every `everyMs` from its start to its stop. */
export function createPeriodic(name: string, everyMs: number, task: () => void): Lifecycle {
  let timer: NodeJS.Timeout | undefined;
  return {
    name,
    start() {
      timer ??= setInterval(task, everyMs);
      return Promise.resolve();
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
      return Promise.resolve();
    },
  };
}
