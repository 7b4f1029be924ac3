import type { Member } from './member.ts';
import { pause } from './time.ts';

export interface SpeakOptions {
  /** Before each text, in milliseconds: a pace, or somebody's think times. */
  readonly pauseMs: () => number;
  /** When to end, in milliseconds since the epoch. */
  readonly untilMs: number;
  /** Of each text at least, in characters. */
  readonly length?: number;
}

/**
 * Says numbered texts, each only when the one before has been acknowledged, so that the order of the numbers is the order in
 * the room's log whatever happens to connections meanwhile. Resolves when time is up and the last one is acknowledged.
 */
export async function speak(member: Member, room: string, options: SpeakOptions): Promise<void> {
  const { pauseMs, untilMs, length } = options;
  for (;;) {
    const beforeMs = pauseMs();
    if (Date.now() + beforeMs >= untilMs) return;
    await pause(beforeMs);
    await member.say(room, length);
  }
}

/** Every `ms` on average, half as much off at most, so that members do not speak as one. */
export function about(ms: number): () => number {
  return () => ms * (0.5 + Math.random());
}
