import type { Lifecycle } from '@sluice/kernel';

/** Parts that do not depend on each other: started and stopped all at once. */
export function together(name: string, parts: readonly Lifecycle[]): Lifecycle {
  return {
    name,
    async start(signal) {
      await Promise.all(parts.map((part) => part.start(signal)));
    },
    async stop(deadlineMs) {
      const outcomes = await Promise.allSettled(parts.map((part) => part.stop(deadlineMs)));
      const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      if (failures.length > 0) throw new AggregateError(failures, `${name} did not stop cleanly`);
    },
  };
}
