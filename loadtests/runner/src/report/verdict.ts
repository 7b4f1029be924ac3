import type { RunResult } from '../run-result.ts';

export interface Verdict {
  readonly word: 'passed' | 'failed' | 'cut short';
  readonly sentence: string;
}

/** What a run came to. */
export function verdictOf({ passed, isCutShort, summary, startedAt, endedAt }: RunResult): Verdict {
  const seconds = Math.round((endedAt - startedAt) / 1_000);
  if (isCutShort) {
    return {
      word: 'cut short',
      sentence: `It was ended after ${seconds} s, before its time: nothing is proved.`,
    };
  }
  if (passed) return { word: 'passed', sentence: `Everything held that had to, for ${seconds} s.` };
  const crossed = summary.sluice.crossed.map(({ metric, rule }) => `${metric} ${rule}`);
  return { word: 'failed', sentence: `Not held: ${crossed.join(', ')}.` };
}
