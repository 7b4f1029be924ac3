import { openScope } from '@sluice/testkit';
import type { RunRequest } from '../../load-options.mjs';
import { loadError } from './errors.ts';
import { createProgress } from './progress.ts';
import { runScenario } from './run-scenario.ts';

const exitCodes = { passed: 0, failed: 1, crossed: 99 };
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Under npm, one Ctrl-C may come twice, from the terminal and from npm; a person who presses twice takes longer. */
const sameRequestMs = 500;

/**
 * Runs the scenarios one after the other; resolves to the exit code. The first SIGINT, SIGTERM or SIGHUP ends the one that runs
 * before its time, with a report of what there is, and the second one ends everything at once.
 */
export async function main(request: RunRequest & { readonly k6: string }): Promise<number> {
  const scope = openScope();
  const leaving = new AbortController();
  const progress = createProgress(process.stderr, process.stdout, process.env);
  let askedAtMs: number | undefined;
  let closing: Promise<void> | undefined;
  const leave = (): void => {
    askedAtMs ??= performance.now();
    if (!leaving.signal.aborted) {
      leaving.abort();
      progress.say('ending it; once more to end at once');
    } else if (performance.now() - askedAtMs > sameRequestMs) closing ??= scope.close();
  };
  for (const signal of signals) process.on(signal, leave);
  let worst = exitCodes.passed;
  try {
    for (const run of request.runs) {
      const { passed } = await runScenario(run, {
        request,
        k6: request.k6,
        progress,
        signal: leaving.signal,
        scope,
      });
      if (!passed) worst = exitCodes.crossed;
      if (leaving.signal.aborted) return exitCodes.failed;
    }
    return worst;
  } catch (error) {
    if (error === leaving.signal.reason) return exitCodes.failed;
    // What was under way when somebody asked for the end may fail in any way.
    if (!loadError.is(error) && !leaving.signal.aborted) throw error;
    process.stderr.write(`${(error as Error).message}\n`);
    return exitCodes.failed;
  } finally {
    for (const signal of signals) process.off(signal, leave);
    await (closing ?? scope.close());
  }
}
