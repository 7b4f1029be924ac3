import { useSyncExternalStore } from 'react';

const lookEveryMs = 30_000;

function subscribe(listener: () => void): () => void {
  const timer = setInterval(listener, lookEveryMs);
  return () => clearInterval(timer);
}

/** The beginning of the present day, in milliseconds since the epoch; a page may stay open over midnight. */
export function useToday(): number {
  return useSyncExternalStore(subscribe, () => new Date().setHours(0, 0, 0, 0));
}
