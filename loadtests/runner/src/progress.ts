import type { Frame } from './k6/recording.ts';
import { limitText } from './k6/outcome.ts';
import { valueOf } from './k6/summary.ts';
import { latenessWarning } from './report/key-figures.ts';
import { promiseRows } from './report/promises.ts';
import { verdictOf } from './report/verdict.ts';
import type { RunResult } from './run-result.ts';

/** Tells the person at the terminal how a run goes, on stderr: results go to stdout. */
export interface Progress {
  /** @param expectedMs how long k6 will take where all goes well */
  begin(name: string, expectedMs: number): void;
  /** What happens before k6 has anything to show, and beside it. */
  say(text: string): void;
  frames(frames: readonly Frame[]): void;
  end(result: RunResult): void;
}

const clearLine = '\r\u001B[K';
const colours = { passed: 32, failed: 31, 'cut short': 33 } as const;
/** Where nothing can be overwritten, one line in so many seconds is enough. */
const plainEverySeconds = 10;
const shownComplaints = 5;

export function createProgress(
  out: NodeJS.WriteStream,
  results: NodeJS.WriteStream,
  environment: NodeJS.ProcessEnv,
): Progress {
  const isTerminal = out.isTTY;
  const isColoured = results.isTTY && !environment['NO_COLOR'];
  let name = '';
  let expectedMs = 0;
  let startedMs = 0;
  let seconds = 0;
  let totals = new Map<string, number>();

  const show = (text: string, isLasting: boolean): void => {
    if (isTerminal) out.write(`${clearLine}${text}${isLasting ? '\n' : ''}`);
    else if (isLasting) out.write(`${text}\n`);
  };
  const total = (metric: string): string => (totals.get(metric) ?? 0).toLocaleString('en');
  const line = ({ metrics }: Frame): string => {
    const passed = clock(performance.now() - startedMs);
    const there = (totals.get('sluice_connected') ?? 0) - (totals.get('sluice_disconnected') ?? 0);
    const p95 = metrics.get('sluice_delivery_ms')?.['p(95)'];
    const broken = ['sluice_lost', 'sluice_duplicated', 'sluice_out_of_order', 'sluice_stray'].map(total);
    return [
      `${name} ${passed}/${clock(expectedMs)}`,
      `${there} connected`,
      `${total('sluice_sent')} said`,
      `${total('sluice_heard')} heard${p95 === undefined ? '' : `, p95 ${Math.round(p95)} ms`}`,
      `${total('sluice_recovered')} recovered`,
      `lost/doubled/disordered/stray ${broken.join('/')}`,
    ].join(' · ');
  };
  return {
    begin(scenario, duration) {
      name = scenario;
      expectedMs = duration;
      startedMs = performance.now();
      seconds = 0;
      totals = new Map();
    },
    say: (text) => show(`${name}: ${text}`, true),
    frames(frames) {
      for (const frame of frames) {
        for (const [metric, { count = 0 }] of frame.metrics)
          totals.set(metric, (totals.get(metric) ?? 0) + count);
        seconds += 1;
        const isLasting = !isTerminal && seconds % plainEverySeconds === 0;
        show(line(frame), isLasting);
      }
    },
    end(result) {
      if (isTerminal) out.write(clearLine);
      results.write(`${outcomeText(result, isColoured)}\n`);
    },
  };
}

/** What a run came to, in a few lines. */
function outcomeText(result: RunResult, isColoured: boolean): string {
  const { run, summary, complaints, folder } = result;
  const { word, sentence } = verdictOf(result);
  const shownWord = isColoured ? `\u001B[1;${colours[word]}m${word}\u001B[0m` : word;
  const count = (metric: string): string => valueOf(summary, metric, 'count').toLocaleString('en');
  const ms = (metric: string): string => `${Math.round(valueOf(summary, metric, 'p(95)'))} ms`;
  const kept = promiseRows(summary).map(({ title, count: broken }) => `${broken} ${title}`);
  const limit = limitText(summary.sluice);
  const warning = latenessWarning(summary);
  return [
    `${run.name} ${shownWord}. ${sentence}`,
    `  ${count('sluice_finished')} members, ${count('sluice_sent')} said, ${count('sluice_heard')} heard, ${count('sluice_recovered')} recovered`,
    `  ${kept.join(', ')}`,
    `  p95: heard ${ms('sluice_delivery_ms')}, acknowledged ${ms('sluice_ack_ms')}`,
    ...(limit === undefined ? [] : [`  ${limit}`]),
    ...(warning === undefined ? [] : [`  ${warning}`]),
    ...complaints.slice(0, shownComplaints).map((text) => `  ! ${text.split('\n')[0]}`),
    ...(complaints.length > shownComplaints ? [`  ! and ${complaints.length - shownComplaints} more`] : []),
    `  ${folder}/report.html`,
  ].join('\n');
}

function clock(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
