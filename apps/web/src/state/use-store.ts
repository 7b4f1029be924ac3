import { useSyncExternalStore } from 'react';
import type { ReadableStore } from './value-store.ts';

/**
 * Renders again when what `select` returns changes. `select` must return a part of the value and not build a new one.
 */
export function useStore<Value, Part>(store: ReadableStore<Value>, select: (value: Value) => Part): Part {
  return useSyncExternalStore(store.subscribe, () => select(store.get()));
}
