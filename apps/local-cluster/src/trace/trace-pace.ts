import type { Clock } from '@sluice/kernel';
import type { TracePart } from './trace-assembly.ts';

export interface TracePaceDependencies {
  readonly clock: Clock;
  readonly show: (part: TracePart) => void;
  /** A line about what was not shown. */
  readonly say: (text: string) => void;
}

export interface TracePace {
  /** Returns whether it was shown. */
  offer(part: TracePart): boolean;
  /** Says at once what was not shown so far. */
  flush(): void;
}

const windowMs = 1_000;

/** Shows so many parts a second that a person can follow, and says in one line how many more there were. */
export function createTracePace(
  { clock, show, say }: TracePaceDependencies,
  { partsPerSecond = 5 }: { readonly partsPerSecond?: number } = {},
): TracePace {
  let shown = 0;
  let skipped = new Map<string, number>();
  let cancelTimer: (() => void) | undefined;

  const flush = (): void => {
    cancelTimer?.();
    cancelTimer = undefined;
    shown = 0;
    if (skipped.size === 0) return;
    say([...skipped].map(([noun, count]) => `${count} more ${noun}${count === 1 ? '' : 's'}`).join(', '));
    skipped = new Map();
  };

  return {
    offer(part) {
      cancelTimer ??= clock.schedule(windowMs, flush);
      shown += 1;
      if (shown <= partsPerSecond) {
        show(part);
        return true;
      }
      const noun = part.isLater ? 'late part' : part.kind;
      skipped.set(noun, (skipped.get(noun) ?? 0) + 1);
      return false;
    },
    flush,
  };
}
