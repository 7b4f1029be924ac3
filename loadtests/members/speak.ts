import type { Member } from './member.ts';
import { pause } from './time.ts';

export interface SpeakOptions {
  /** Before each text, in milliseconds: a pace, or somebody's think times. */
  readonly pauseMs: () => number;
  /** When to end, in milliseconds since the epoch. */
  readonly untilMs: number;
  /** Of each text at least, in characters. */
  readonly length?: () => number;
  /** True where it is to end before. */
  readonly isOver?: () => boolean;
}

/**
 * Says numbered texts, each only when the one before has been acknowledged, so that the order of the numbers is the order in
 * the room's log whatever happens to connections meanwhile. Resolves when time is up and the last one is acknowledged.
 * @param nextRoom where to say the next one
 */
export async function speak(member: Member, nextRoom: () => string, options: SpeakOptions): Promise<void> {
  const { pauseMs, untilMs, length, isOver = () => false } = options;
  for (;;) {
    const beforeMs = pauseMs();
    if (Date.now() + beforeMs >= untilMs) return;
    await pause(beforeMs);
    if (isOver()) return;
    await member.say(nextRoom(), length?.());
  }
}

/** Every `ms` on average, half as much off at most, so that members do not speak as one. */
export function about(ms: number): () => number {
  return () => ms * (0.5 + Math.random());
}

/** As people think: mostly shortly, and now and then for long (exponentially distributed with the mean `ms`). */
export function thinking(ms: number): () => number {
  return () => -ms * Math.log(1 - Math.random());
}

/** Any of `items`, each as likely. */
export function anyOf<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)] as Item;
}
