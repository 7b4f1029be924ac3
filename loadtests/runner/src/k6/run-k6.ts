import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  freePort,
  repositoryPath,
  spawnChild,
  type Child,
  type ChildExit,
  type Scope,
} from '@sluice/testkit';
import type { PlannedRun, RunRequest } from '../../../load-options.mjs';
import type { ClusterUnderTest } from '../cluster/cluster-under-test.ts';
import { loadError } from '../errors.ts';
import { Recording, type Frame } from './recording.ts';
import { readSummary, type Summary } from './summary.ts';

export interface K6Options {
  /** The program. */
  readonly k6: string;
  readonly request: RunRequest;
  readonly run: PlannedRun;
  readonly cluster: ClusterUnderTest;
  readonly controlUrl: string;
  /** Where it leaves its files. */
  readonly folder: string;
  /** Aborted where the run is to end before its time: k6 then ends its members, and sums up. */
  readonly signal: AbortSignal;
  readonly onStarted: (pid: number) => void;
  /** Called about each second. */
  readonly onFrames: (frames: readonly Frame[]) => void;
}

export interface K6Result {
  readonly summary: Summary;
  readonly frames: readonly Frame[];
  /** What k6 and the members complained of, in order. */
  readonly complaints: readonly string[];
}

const readEveryMs = 500;
/** k6 sums up within seconds of being told to; but it waits for WebSockets whose server is frozen, for ever. */
const endWithinMs = 30_000;

/** Runs a scenario; resolves when k6 has ended, whether or not thresholds held. Rejects with `k6_failed`. */
export async function runK6(scope: Scope, options: K6Options): Promise<K6Result> {
  const { run, folder, signal, onStarted, onFrames } = options;
  const recordPath = join(folder, 'k6.ndjson');
  const summaryPath = join(folder, 'summary.json');
  const address = `127.0.0.1:${await freePort(scope)}`;
  const child = await spawnChild(scope, {
    name: `k6 run ${run.name}`,
    command: options.k6,
    args: [
      'run',
      '--quiet',
      '--no-color',
      '--no-usage-report',
      '--log-format=json',
      `--address=${address}`,
      repositoryPath(`loadtests/scenarios/${run.name}.ts`),
    ],
    env: {
      ...k6Environment(),
      ...scenarioEnvironment(options),
      K6_API: address,
      K6_WEB_DASHBOARD: 'true',
      // Nobody looks at it: its recording is what is wanted.
      K6_WEB_DASHBOARD_PORT: '-1',
      K6_WEB_DASHBOARD_PERIOD: '1s',
      K6_WEB_DASHBOARD_RECORD: recordPath,
      K6_WEB_DASHBOARD_TAGS: 'reader',
      SUMMARY: summaryPath,
    },
    graceMs: endWithinMs,
  });
  onStarted(child.pid);
  const recording = new Recording(recordPath);
  await untilEnded(child, recording, signal, () => onFrames(recording.read()));
  const summary = readSummary(summaryPath);
  if (summary === undefined) throw loadError('k6_failed', { text: `k6 left no summary; ${child.tail()}` });
  return { summary, frames: recording.frames, complaints: complaintsOf(child) };
}

/** Of the user's own environment, what is for k6, and neither about what is set here nor against what is to be checked. */
function k6Environment(): Record<string, string> {
  const passed =
    /^(K6_(?!(API|OUT|VUS|DURATION|ITERATIONS|STAGES|PAUSED)$|WEB_DASHBOARD|NO_|SUMMARY|LOG_)|HTTPS?_PROXY$|NO_PROXY$)/i;
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && passed.test(entry[0]),
  );
  return Object.fromEntries(entries);
}

function scenarioEnvironment({ request, run, cluster, controlUrl }: K6Options): Record<string, string> {
  const size = Object.entries(run.size).map(([name, value]) => [name, String(value)]);
  return {
    ...(Object.fromEntries(size) as Record<string, string>),
    TARGET: cluster.url,
    CONTROL: controlUrl,
    ...(cluster.jwtSecret === undefined ? {} : { JWT_SECRET: cluster.jwtSecret }),
    ...(request.tokenFile === undefined ? {} : { TOKENS: request.tokenFile }),
    ...(request.runName === undefined ? {} : { RUN: request.runName }),
  };
}

async function untilEnded(
  child: Child,
  recording: Recording,
  signal: AbortSignal,
  onTick: () => void,
): Promise<void> {
  const startedMs = performance.now();
  const stop = (): void => child.signal('SIGINT');
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  for (let exit: ChildExit | undefined; exit === undefined;) {
    exit = await Promise.race([child.exited, pause(readEveryMs, undefined)]);
    onTick();
    const { longestMs } = recording;
    if (exit === undefined && performance.now() - startedMs > (longestMs ?? Infinity) + endWithinMs) {
      child.signal('SIGKILL');
      throw loadError('k6_failed', { text: `k6 did not end in time; ${child.tail()}` });
    }
  }
  signal.removeEventListener('abort', stop);
}

interface LogLine {
  readonly level?: string;
  readonly msg?: string;
}

/** Errors and warnings of k6's log, but for the one that says that thresholds were crossed, which is said elsewhere. */
function complaintsOf(child: Child): readonly string[] {
  return child.output.entries.flatMap(({ stream, text }) => {
    if (stream !== 'stderr') return [];
    const { level, msg = text } = parseLine(text);
    if (level === 'info' || level === 'debug' || msg.startsWith('thresholds on metrics')) return [];
    return [msg];
  });
}

function parseLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    // Go's own last words, for one.
    return { msg: text };
  }
}
